"""What one run of a program under chaos has shown: verdicts, and the resilience score."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


class Ruling(enum.Enum):
    """What is said of a fault, or of a run. INCONCLUSIVE: nothing struck, so nothing is shown."""

    PASS = "pass"  # noqa: S105 no password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Strike:
    """One strike of a fault: when, whom, and in the middle of what."""

    at_s: float
    victim: str
    amidst: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answered:
    """One probe in one run. asked: how often. why: of the first failure; empty if none."""

    name: str
    mode: str
    asked: int
    failed: int
    why: str = ""
    at_s: float = 0.0

    @property
    def passed(self) -> bool:
        """It was asked, and never failed."""
        return self.asked > 0 and not self.failed


@dataclass(frozen=True, slots=True)
class Struck:
    """One fault in one run.

    strikes: those that took effect. touched: the calls that a fault of the network or of HTTP has
    changed. withheld: why strikes were not let through. probes: that judge it.
    """

    name: str
    kind: str
    weight: int
    strikes: tuple[Strike, ...]
    touched: int
    withheld: tuple[str, ...]
    probes: tuple[Answered, ...]
    broken: bool = False
    reason: str = ""

    @property
    def took_effect(self) -> bool:
        """Whether it changed anything."""
        return bool(self.strikes)

    @property
    def success(self) -> float:
        """The share of its probes that passed, in per cent; 100 without any, 0 if it never struck.

        A run whose invariants broke has no success, whatever the probes say.
        """
        if not self.took_effect or self.broken:
            return 0.0
        if not self.probes:
            return 100.0
        return 100.0 * sum(each.passed for each in self.probes) / len(self.probes)

    @property
    def ruling(self) -> Ruling:
        """What it has shown."""
        if self.broken or any(each.failed for each in self.probes):
            return Ruling.FAIL
        if not self.took_effect:
            return Ruling.INCONCLUSIVE
        return Ruling.PASS if self.success == 100 else Ruling.FAIL


@dataclass(frozen=True, slots=True)
class ChaosReport:
    """One run under chaos.

    faults: of the plan. failure: the program's own, in a line; empty if there is none.
    aborted: why the faults ended early. began_s: the virtual second at which the program was ready.
    unmet: checks of the plan that the program never offered.
    """

    name: str
    faults: tuple[Struck, ...]
    failure: str = ""
    aborted: str = ""
    began_s: float = 0.0
    unmet: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """LitmusChaos' resilience score, from 0 to 100: what each fault's probes say, weighted.

        It is the sum of weight times success by the sum of the weights; a fault that never struck
        counts in the latter. LitmusChaos prints it without its fraction.
        """
        weights = sum(each.weight for each in self.faults)
        return resilience([(each.weight, each.success) for each in self.faults]) if weights else 0.0

    @property
    def ruling(self) -> Ruling:
        """What the run has shown, all in all."""
        rulings = [each.ruling for each in self.faults]
        if self.failure or Ruling.FAIL in rulings:
            return Ruling.FAIL
        if self.unmet or not rulings or Ruling.INCONCLUSIVE in rulings:
            return Ruling.INCONCLUSIVE
        return Ruling.PASS

    def value(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "name": self.name,
            "ruling": self.ruling.value,
            "score": self.score,
            "failure": self.failure,
            "aborted": self.aborted,
            "unmet": list(self.unmet),
            "faults": [_value(each) for each in self.faults],
        }


def resilience(parts: Sequence[tuple[float, float]]) -> float:
    """Return the resilience score of pairs of a weight and a success in per cent."""
    return sum(weight * success for weight, success in parts) / sum(w for w, _ in parts)


def _value(each: Struck) -> dict[str, Any]:
    return {
        "name": each.name,
        "kind": each.kind,
        "weight": each.weight,
        "ruling": each.ruling.value,
        "success": each.success,
        "touched": each.touched,
        "withheld": list(each.withheld),
        "reason": each.reason,
        "strikes": [
            {"at_s": s.at_s, "victim": s.victim, "amidst": list(s.amidst)} for s in each.strikes
        ],
        "probes": [
            {"name": p.name, "mode": p.mode, "asked": p.asked, "failed": p.failed, "why": p.why}
            for p in each.probes
        ],
    }

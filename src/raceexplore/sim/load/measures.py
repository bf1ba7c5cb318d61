"""What was measured of requests: exact percentiles, counts, statuses and rates."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

PERCENTILES = (50, 75, 95, 99)
BUCKETS_S = (0.8, 1.2)  # NBomber's: up to 800 ms, between, from 1,200 ms


class Sampled(NamedTuple):
    """One request, or one step of one.

    scenario, step: whose; a step of "" is the whole request. due_s: when it was to begin, in
    virtual seconds. took_s: from then to its end. ok, status, size: how it ended, and its bytes.
    """

    scenario: str
    step: str
    due_s: float
    took_s: float
    ok: bool
    status: str
    size: int


@dataclass(frozen=True, slots=True)
class Latencies:
    """Order statistics of some seconds, sorted: none is interpolated, none is rounded."""

    seconds: tuple[float, ...]

    @classmethod
    def of(cls, seconds: Iterable[float]) -> Latencies:
        """Return those of ``seconds``, in any order."""
        return cls(tuple(sorted(seconds)))

    def percentile(self, percent: float) -> float:
        """Return the smallest value that at least ``percent`` % of all do not exceed; nan of none.

        Of 0 % it is the smallest of all.
        """
        if not self.seconds:
            return math.nan
        # the product before the quotient: 99 % of 200 is 198, and not a little more
        rank = math.ceil(percent * len(self.seconds) / 100)
        return self.seconds[max(rank, 1) - 1]

    @property
    def mean(self) -> float:
        """Their mean; nan of none."""
        return math.fsum(self.seconds) / len(self.seconds) if self.seconds else math.nan

    @property
    def deviation(self) -> float:
        """Their standard deviation, as of a whole population; nan of none."""
        if not self.seconds:
            return math.nan
        mean = self.mean
        return math.sqrt(math.fsum((each - mean) ** 2 for each in self.seconds) / len(self.seconds))

    @property
    def buckets(self) -> tuple[int, int, int]:
        """How many took at most 800 ms, between, and 1,200 ms or more."""
        low, high = BUCKETS_S
        fast = sum(each <= low for each in self.seconds)
        slow = sum(each >= high for each in self.seconds)
        return fast, len(self.seconds) - fast - slow, slow


@dataclass(frozen=True, slots=True)
class Measures:
    """What was measured of one scenario, or of one of its steps ("" is the whole request).

    ok, failed: the latencies of those that ended well, and of the others. statuses: how often each
    occurred. size: bytes in all. seconds: of the load, which rates are per.
    """

    scenario: str
    step: str
    ok: Latencies
    failed: Latencies
    statuses: tuple[tuple[str, int], ...]
    size: int
    seconds: float

    @classmethod
    def of(cls, name: tuple[str, str], samples: Sequence[Sampled], seconds: float) -> Measures:
        """Return the measures of ``samples``, all of this scenario and step."""
        statuses = Counter(each.status for each in samples if each.status)
        return cls(
            *name,
            ok=Latencies.of(each.took_s for each in samples if each.ok),
            failed=Latencies.of(each.took_s for each in samples if not each.ok),
            statuses=tuple(sorted(statuses.items())),
            size=sum(each.size for each in samples),
            seconds=seconds,
        )

    @property
    def count(self) -> int:
        """How many there were."""
        return len(self.ok.seconds) + len(self.failed.seconds)

    @property
    def rate(self) -> float:
        """How many there were per second of the load; 0 if it took no time."""
        return self.count / self.seconds if self.seconds else 0.0

    @property
    def label(self) -> str:
        """The scenario, with the step if it is one."""
        return f"{self.scenario} / {self.step}" if self.step else self.scenario


def measured(samples: Sequence[Sampled], seconds: float) -> tuple[Measures, ...]:
    """Return the measures of each scenario and step, scenarios in the order of their first end.

    The whole request goes before its steps.
    """
    groups: dict[tuple[str, str], list[Sampled]] = {}
    for each in samples:
        groups.setdefault((each.scenario, each.step), []).append(each)
    scenarios = list(dict.fromkeys(scenario for scenario, _ in groups))
    steps = list(dict.fromkeys(step for _, step in groups))
    order = [(one, step) for one in scenarios for step in ("", *filter(None, steps))]
    return tuple(Measures.of(name, groups[name], seconds) for name in order if name in groups)

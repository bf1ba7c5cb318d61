"""sample: how often a program fails when nobody looks for the failure.

`explore` answers whether a program can fail, and its hits are no rates: it goes where failures are
likely. Here each run has strict time, latencies and faults drawn from their distributions, and
tasks in the order of virtual time; so a share of the runs is a rate.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.choice import DRAWN, ChoicePoint
from raceexplore.kernel.errors import BadOption
from raceexplore.kernel.fence.chance import derive
from raceexplore.kernel.fence.guard import guarded
from raceexplore.kernel.fence.watchdog import watching
from raceexplore.kernel.program import Limits, Settings, as_program
from raceexplore.kernel.run import run_once
from raceexplore.search.campaign.trial import frozen
from raceexplore.search.evidence.intervals import Interval, clopper_pearson, ratio

if TYPE_CHECKING:
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Program


class Drawn:
    """A scheduler that takes tasks in the order in which they are due, and draws all else.

    A draw depends on the entropy, the number of the run, its label and its ordinal, and on nothing
    else: two programs that ask for the same draws get the same ones.
    """

    def __init__(self, entropy: int) -> None:
        self.entropy = entropy
        self.number = -1

    def begin(self) -> bool:
        """Get ready for the next run."""
        self.number += 1
        return True

    def choose(self, point: ChoicePoint) -> int:
        """Return 0 for a task, and a drawn index for what chance decides."""
        if point.kind not in DRAWN:  # no call ends just at a deadline, but by choice
            return 0
        text = f"{self.number}/{point.label}/{point.ordinal}"
        return derive(self.entropy, text) * point.bound >> 64

    def end(self, run: Run) -> None:
        """Learn nothing."""


@dataclass(frozen=True, slots=True)
class Failed:
    """One way in which runs failed.

    headline: kind and message. count: runs that failed so. seed: of the first of them.
    """

    headline: str
    count: int
    seed: str


@dataclass(frozen=True, slots=True)
class Sample:
    """What drawn runs of a program gave. Only this has a rate; a campaign of `explore` has none.

    runs: that ended. failed: of these, failures. cut: further runs, ended by a limit.
    failures: by fingerprint, the most frequent first. counts: for each name given to `World.count`,
    what each run counted. entropy: what the draws follow. numbers: of the runs that failed, from 0.
    knobs: what the runs asked `World.knob` for, and got. seconds: real ones.
    """

    program: Program
    runs: int
    failed: int
    cut: int
    failures: tuple[Failed, ...]
    entropy: int
    seconds: float = field(compare=False)
    counts: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    numbers: tuple[int, ...] = ()
    knobs: Mapping[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """The share of runs that failed."""
        return self.failed / self.runs

    @property
    def interval(self) -> Interval:
        """Where the rate lies with 95 % confidence (Clopper and Pearson)."""
        return clopper_pearson(self.failed, self.runs)

    def per(self, part: str, whole: str) -> tuple[float, Interval]:
        """Return how much of ``part`` there was for each ``whole``, both names of `World.count`.

        The interval is that of a bootstrap over the runs. Raises `BadOption` for an unknown name.
        """
        unknown = [name for name in (part, whole) if name not in self.counts]
        if unknown:
            known = ", ".join(sorted(self.counts)) or "nothing"
            raise BadOption(f"the program counts no {unknown[0]!r}; it counts {known}")
        return ratio(self.counts[part], self.counts[whole], self.entropy)


def sample(
    program: Program | Callable[..., Any],
    *,
    runs: int = 1_000,
    entropy: int = 0,
    knobs: str = "",
    limits: Limits = Limits(),  # noqa: B008 a frozen value
    progress: Callable[[int, int], None] | None = None,
) -> Sample:
    """Run ``program`` ``runs`` times with drawn latencies and faults, and count how it ends.

    The same entropy gives the same sample. knobs: see `Settings`. progress: called after each run
    with the runs done and the failures. Raises `RaceExploreError` as `explore` does.
    """
    if runs < 1:
        raise BadOption(f"runs must be at least 1, not {runs}")
    chosen, began = as_program(program), time.perf_counter()
    scheduler, settings = Drawn(entropy), Settings(entropy=entropy, knobs=knobs)
    tally = _Tally()
    with guarded(), frozen(), watching(limits.wall_s):
        for number in range(runs):
            scheduler.begin()
            tally.add(number, run_once(chosen, scheduler, limits=limits, settings=settings))
            if progress is not None:
                progress(number + 1, tally.failed)
    return tally.sample(chosen, entropy, time.perf_counter() - began)


class _Tally:
    """What the runs so far gave."""

    def __init__(self) -> None:
        self.runs = self.failed = self.cut = 0
        self._failures: dict[str, list[Any]] = {}
        self._counts: dict[str, list[float]] = {}
        self._numbers: list[int] = []
        self._knobs: dict[str, float] = {}

    def add(self, number: int, run: Run) -> None:
        self._knobs.update(run.knobs)
        if run.outcome == "cut":
            self.cut += 1
            return
        for name in run.counts:
            self._counts.setdefault(name, [0.0] * self.runs)
        for name, counted in self._counts.items():
            counted.append(run.counts.get(name, 0.0))
        self.runs += 1
        if run.failure is not None:
            self.failed += 1
            self._numbers.append(number)
            entry = self._failures.setdefault(run.failure.fingerprint, [run, 0])
            entry[1] += 1

    def sample(self, program: Program, entropy: int, seconds: float) -> Sample:
        ranked = sorted(self._failures.values(), key=lambda entry: -entry[1])
        failures = tuple(
            Failed(f"{first.failure.kind}: {first.failure.message.splitlines()[0]}", n, first.seed)
            for first, n in ranked
        )
        counts = {name: tuple(counted) for name, counted in self._counts.items()}
        return Sample(
            program=program,
            runs=self.runs,
            failed=self.failed,
            cut=self.cut,
            failures=failures,
            entropy=entropy,
            seconds=seconds,
            counts=counts,
            numbers=tuple(self._numbers),
            knobs=self._knobs,
        )

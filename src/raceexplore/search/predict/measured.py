"""What one boundary changes: runs in which only what happens at it is early, late, or drawn.

All else stays neutral, so that whatever differs between these runs is due to that boundary: a
first-order sensitivity (A. Saltelli et al., Global sensitivity analysis, 2008). Half of the runs
hold tasks back before they touch it, and let time pass meanwhile, a second at most: a stall, as any
machine has. Half draw the latencies, faults and data of the calls that lead to it.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from raceexplore.kernel.choice import CLOCK
from raceexplore.kernel.fence.chance import derive
from raceexplore.search.evidence.intervals import clopper_pearson
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.search.predict.observed import boundary_of, touched

if TYPE_CHECKING:
    from collections.abc import Sequence

    from raceexplore.kernel.choice import ChoicePoint
    from raceexplore.kernel.events.trace import Event
    from raceexplore.kernel.names import TaskInfo
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Limits, Program, Settings
    from raceexplore.search.evidence.intervals import Interval

HOLDS = (
    0,
    0,
    1,
    2,
    4,
    8,
    16,
    64,
)  # choices for which a task is held back, one as likely as another
STALL_S = 1.0  # longer, and a program that waits for quiet would look before there is any


@dataclass(frozen=True, slots=True)
class Measured:
    """What the runs of one boundary gave.

    runs: that came to an end. failed: of these. bits: the entropy of how they ended, with what
    was in all shared places then. endings: how many ways there were. seed: of the first failure,
    empty without one. headline: of that failure. cut: further runs, ended by a limit.
    """

    runs: int
    failed: int
    bits: float
    endings: int
    headline: str = ""
    seed: str = ""
    cut: int = 0

    @property
    def interval(self) -> Interval:
        """Where the share of failures under these perturbations lies; it is no rate of use."""
        return clopper_pearson(self.failed, self.runs)


class Leads:
    """Which events come to which boundary, and which draws lead there, as runs have shown."""

    def __init__(self) -> None:
        self._exact: dict[tuple[str, str, int], set[str]] = {}
        self._near: dict[str, set[str]] = defaultdict(set)
        self._draws: dict[str, set[str]] = defaultdict(set)

    def learn(self, run: Run) -> None:
        """Remember what the events of ``run`` touched, by the await where their task went on."""
        at = {event.number: accesses for event, accesses in touched(run)}
        sites: dict[str, str] = {}
        drawn: dict[str, set[str]] = defaultdict(set)
        for event in run.events:
            site = sites.get(event.task, event.task)
            sites[event.task] = str(event.end)
            found = {boundary_of(access) for access in at.get(event.number, ())}
            self._exact.setdefault((event.task, site, event.nth - 1), set()).update(found)
            self._near[site] |= found
            for label in drawn[event.task]:
                self._draws[label] |= found
            if found:
                drawn[event.task] = set()
            drawn[event.task] |= {label for label, _, _ in event.draws}

    def next_of(self, task: TaskInfo) -> set[str]:
        """Return what the next event of ``task`` may touch."""
        exact = self._exact.get((task.path, task.site, task.steps))
        return self._near.get(task.site, set()) if exact is None else exact

    def of_draw(self, label: str) -> set[str]:
        """Return the boundaries that a draw so labelled leads to."""
        return self._draws.get(label, set())


class Perturbed:
    """A scheduler that is neutral but at one boundary. Works on recorded runs only."""

    observes = True

    def __init__(self, boundary: str, leads: Leads, entropy: int, number: int) -> None:
        self.boundary, self.leads = boundary, leads
        self.entropy, self.number = entropy, number
        self.draws = number % 2 == 1
        self.begin()

    def begin(self) -> bool:
        """Start over."""
        self._left: dict[tuple[str, int], int] = {}
        self._since_s: dict[tuple[str, int], float] = {}
        self.stall_s = 0.0  # the longest for which a task was held back
        return True

    def _chance(self, text: str, bound: int) -> int:
        return derive(self.entropy, f"{self.number}/{self.boundary}/{text}") * bound >> 64

    def choose(self, point: ChoicePoint) -> int:
        """Return the first option that is not held back; a drawn index for the boundary's draws."""
        if point.kind != "task":
            label = point.label.partition(":")[2]
            if (
                not self.draws
                or point.kind == "tie"
                or self.boundary not in self.leads.of_draw(label)
            ):
                return 0
            return self._chance(f"{point.label}/{point.ordinal}", point.bound)
        for index, task in enumerate(point.tasks):
            if task.path == CLOCK or not self._is_held(task, point.events):
                return index
        return 0

    def _is_held(self, task: TaskInfo, events: Sequence[Event]) -> bool:
        if self.boundary not in self.leads.next_of(task):
            return False
        key = (task.path, task.steps)
        if key not in self._left:
            self._since_s[key] = events[-1].time_s if events else 0.0
            self._left[key] = HOLDS[self._chance(f"{task.path}/{task.steps}", len(HOLDS))]
        self._left[key] -= 1
        return self._left[key] >= 0

    def end(self, run: Run) -> None:
        """Learn for how long tasks were held back."""
        for event in run.events:
            since_s = self._since_s.get((event.task, event.nth - 1))
            if since_s is not None:
                self.stall_s = max(self.stall_s, event.time_s - since_s)


def measured(
    program: Program,
    boundary: str,
    leads: Leads,
    *,
    runs: int,
    settings: Settings,
    limits: Limits,
) -> Measured:
    """Run ``program`` so often with ``boundary`` perturbed, and tell how differently it ends."""
    endings: Counter[tuple[object, ...]] = Counter()
    failures: list[Run] = []
    for number in range(runs):
        run = _perturbed(
            program, Perturbed(boundary, leads, settings.entropy, number), settings, limits
        )
        if run.outcome == "cut":
            continue
        endings[_ending(run)] += 1
        if run.failure is not None:
            failures.append(run)
    first = failures[0] if failures else None
    told = f"{first.failure.kind}: {first.failure.message}" if first and first.failure else ""
    return Measured(
        endings.total(),
        len(failures),
        entropy_bits(tuple(endings.values())),
        len(endings),
        told.partition("\n")[0],
        first.seed if first else "",
        runs - endings.total(),
    )


def _perturbed(program: Program, scheduler: Perturbed, settings: Settings, limits: Limits) -> Run:
    """Return a run in which time passes for held tasks; without that, if it was too long a time."""

    def run(mode: Settings) -> Run:
        scheduler.begin()
        found = observed_run(program, scheduler, limits=limits, settings=mode, values=True)
        scheduler.end(found)
        return found

    if scheduler.draws:
        return run(settings)
    found = run(replace(settings, time="elastic"))
    return found if scheduler.stall_s <= STALL_S else run(settings)


def _ending(run: Run) -> tuple[object, ...]:
    """Return how ``run`` ended: which failure, what it counted, and the last values it wrote."""
    last: dict[str, str] = {}
    for event in run.events:
        for access in event.accesses:
            if access.write and access.after and boundary_of(access):
                last[access.label] = access.after
    fingerprint = run.failure.fingerprint if run.failure else ""
    return fingerprint, tuple(sorted(run.counts.items())), tuple(sorted(last.items()))


def entropy_bits(counts: Sequence[int]) -> float:
    """Return the entropy of so many endings of each kind, in bits."""
    total = sum(counts)
    return -sum(n / total * math.log2(n / total) for n in counts) + 0.0 if total else 0.0

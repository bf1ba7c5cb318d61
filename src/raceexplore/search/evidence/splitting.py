"""Rare rates by splitting: runs that come nearer to the failure are continued in several ways.

A run comes nearer when one more of the order constraints that suffice for the failure is satisfied.
At that moment the draws made so far are kept, and the run goes on with others, several times; each
way counts as the share of the run that it is. The mean over independent trees is the rate, without
bias, whatever the constraints; they only decide how many runs a precise answer takes.

Source: M. Villen-Altamirano and J. Villen-Altamirano, RESTART (1991); P. Glasserman et al.,
Multilevel splitting for estimating rare event probabilities, Operations Research 47 (1999).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.choice import DRAWN
from raceexplore.kernel.errors import BadOption
from raceexplore.kernel.events.trace import Event
from raceexplore.kernel.fence.chance import derive
from raceexplore.kernel.fence.guard import guarded
from raceexplore.kernel.fence.watchdog import watching
from raceexplore.kernel.program import Limits, Settings, as_program
from raceexplore.kernel.run import run_once
from raceexplore.search.campaign.trial import frozen
from raceexplore.search.evidence.intervals import CONFIDENCE, Interval, bound, scipy_stats
from raceexplore.search.explore import explore
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.search.why.order_constraints import deeds

if TYPE_CHECKING:
    from raceexplore.kernel.choice import ChoicePoint
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Program
    from raceexplore.search.why.order_constraints import Deed, OrderConstraint

Levels = Callable[[Sequence[Event]], int]
"""How near a run has come, from its events so far: a number that never falls, 0 at first."""

Draws = Mapping[tuple[str, str, int], int]
RUNS_MAX = 100_000  # of one tree: more would mean that the levels say nothing


class Satisfied:
    """The number of order constraints that a run has satisfied, as `Levels`; anew for each run."""

    def __init__(self, constraints: Sequence[OrderConstraint]) -> None:
        self._constraints = tuple(constraints)
        self._done: dict[Deed, int] = {}
        self._seen = self._count = 0
        self._left = list(self._constraints)

    def __call__(self, events: Sequence[Event]) -> int:
        """Return how many have had their first side before the other one."""
        for event in events[self._seen :]:
            for deed, _ in deeds(event):
                self._done[deed] = self._done.get(deed, 0) + 1
            self._settle()
        self._seen = len(events)
        return self._count

    def _settle(self) -> None:
        for constraint in list(self._left):
            first, then = constraint.first, constraint.then
            has_first = self._done.get(first.deed, 0) >= first.nth
            if has_first or self._done.get(then.deed, 0) >= then.nth:
                self._left.remove(constraint)
                self._count += has_first


class _Split:
    """A drawn run that keeps the draws it is given, and notes where it reaches a further level."""

    def __init__(self, kept: Draws, level: int, entropy: int, levels: Levels) -> None:
        self._kept, self._entropy, self._levels = kept, entropy, levels
        self._level = level
        self._made: dict[tuple[str, str, int], int] = {}
        self.reached: list[tuple[int, Draws]] = []

    def begin(self) -> bool:
        """Get ready."""
        return True

    def choose(self, point: ChoicePoint) -> int:
        """Return 0 for a task, what is kept for a draw, and else what is drawn."""
        if point.kind not in DRAWN:
            return 0
        level = self._levels(point.events)
        if level > self._level:
            self._level = level
            self.reached.append((level, dict(self._made)))
        key = (point.kind, point.label, point.ordinal)
        index = self._kept.get(key)
        if index is None:
            index = derive(self._entropy, f"{point.label}/{point.ordinal}") * point.bound >> 64
        self._made[key] = index
        return index

    def end(self, run: Run) -> None:
        """Learn nothing."""


@dataclass(frozen=True, slots=True)
class Splitted:
    """A rare rate. trees: independent ones. runs: in all of them. hits: runs that failed.

    rate: of failing runs, as `sample` would count them. interval: by the trees (Student's t of
    the logarithm), or
    what no hit in so many trees excludes. cut: runs that a limit cut; they count as passed, and
    make the rate a lower one.
    """

    trees: int
    runs: int
    hits: int
    cut: int
    rate: float
    interval: Interval
    seed: str = ""


def split(
    program: Program | Callable[..., Any],
    levels: Callable[[], Levels],
    *,
    trees: int = 200,
    ways: int = 5,
    observe: bool = True,
    entropy: int = 0,
    limits: Limits = Limits(),  # noqa: B008 a frozen value
) -> Splitted:
    """Estimate how often ``program`` fails in drawn runs, splitting each at every further level.

    levels: makes what says how near a run has come, anew for each run. ways: in which a run goes on
    from there. observe: ``levels`` looks at what events read and write, so these are observed.
    Raises `BadOption` for fewer than two trees or one way.
    """
    if trees < 2 or ways < 1:
        raise BadOption(f"splitting takes two trees or more, and a way, not {trees} and {ways}")
    growing = _Growing(as_program(program), levels, ways, entropy, limits, observe=observe)
    with guarded(), frozen(), watching(limits.wall_s):
        shares = [growing.tree(number) for number in range(trees)]
    return Splitted(
        trees,
        growing.runs,
        growing.hits,
        growing.cut,
        fmean(shares),
        tree_interval(shares),
        growing.seed,
    )


def split_on_orders(
    program: Program | Callable[..., Any],
    *,
    trees: int = 200,
    ways: int = 5,
    entropy: int = 0,
    limits: Limits = Limits(),  # noqa: B008 a frozen value
) -> Splitted | str:
    """Find a failure, and split on the orders that suffice for it; else return why that cannot be.

    It is looked for by `explore`, whose schedules need not be likely: only the levels come from it.
    """
    chosen = as_program(program)
    campaign = explore(chosen, entropy=entropy, limits=limits)
    if not campaign.failures:
        cut = f" ({campaign.cut:,} of them cut by a limit)" if campaign.cut else ""
        runs = f"{campaign.runs:,} run{'s' * (campaign.runs != 1)}"
        return f"no failure was found in {runs}{cut}, so there are no orders to split on"
    why = campaign.failures[0].why
    if why is None or not why.orders.guide.constraints:
        told = why.orders.refusal if why else "it could not be explained"
        return f"there are no orders to split on: {told}"
    levels = by_constraints(why.orders.guide.constraints)
    return split(chosen, levels, trees=trees, ways=ways, entropy=entropy, limits=limits)


def by_constraints(constraints: Sequence[OrderConstraint]) -> Callable[[], Levels]:
    """Return what makes the levels of ``constraints``. Raises `BadOption` without any."""
    if not constraints:
        raise BadOption("there is no order constraint to split on")
    return lambda: Satisfied(constraints)


def tree_interval(shares: Sequence[float]) -> Interval:
    """Return where the rate lies, by what share of each tree has failed."""
    count, mean = len(shares), fmean(shares)
    if not any(shares):
        return Interval(0.0, bound(count, 0.5 + CONFIDENCE / 2))
    # on a scale of logarithms: few trees have many hits, and an interval as wide on both sides of
    # the mean would lie too low (it covers 92 % where this one covers 95)
    quantile: float = scipy_stats().t.ppf(0.5 + CONFIDENCE / 2, count - 1)
    factor = math.exp(quantile * stdev(shares) / math.sqrt(count) / mean)
    return Interval(mean / factor, min(1.0, mean * factor))


class _Growing:
    """Trees in progress."""

    def __init__(
        self,
        program: Program,
        levels: Callable[[], Levels],
        ways: int,
        entropy: int,
        limits: Limits,
        *,
        observe: bool,
    ) -> None:
        self._program, self._levels, self._ways = program, levels, ways
        self._entropy, self._limits, self._observe = entropy, limits, observe
        self._settings = Settings(entropy=entropy)
        self.runs = self.hits = self.cut = 0
        self.seed = ""

    def tree(self, number: int) -> float:
        """Return the share of tree ``number`` that fails."""
        waiting: list[tuple[Draws, int, float, str]] = [({}, 0, 1.0, str(number))]
        failed, before = 0.0, self.runs
        while waiting:
            kept, level, share, name = waiting.pop()
            scheduler = _Split(kept, level, derive(self._entropy, f"split {name}"), self._levels())
            run = self._run(scheduler)
            if self.runs - before > RUNS_MAX:
                raise BadOption(f"a tree of over {RUNS_MAX:,} runs: split in fewer ways")
            for reached, draws in scheduler.reached:
                share /= self._ways
                waiting += [
                    (draws, reached, share, f"{name}/{reached}.{way}")
                    for way in range(1, self._ways)
                ]
            failed += share * self._has_failed(run)
        return failed

    def _run(self, scheduler: _Split) -> Run:
        self.runs += 1
        if self._observe:
            return observed_run(
                self._program, scheduler, limits=self._limits, settings=self._settings, values=True
            )
        return run_once(
            self._program, scheduler, limits=self._limits, settings=self._settings, record=True
        )

    def _has_failed(self, run: Run) -> bool:
        self.cut += run.outcome == "cut"
        if run.failure is None or run.outcome == "cut":
            return False
        self.hits += 1
        self.seed = self.seed or run.seed
        return True

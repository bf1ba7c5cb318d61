"""Orders that made one program fail, attempted on another one: a clean run may never come near.

So the orders that suffice for the failure are forced upon the mended program, in elastic time and
under drawn latencies, and it is counted how often it kept them, and how often it refused (a lock
held the other task back).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from raceexplore.kernel.events.trace import Kind
from raceexplore.kernel.program import Settings
from raceexplore.kernel.run import run_once
from raceexplore.search.corpus.aligned import new_names
from raceexplore.search.evidence.retried import Survivor, survivor
from raceexplore.search.evidence.sample import Drawn
from raceexplore.search.why.find_again import matched
from raceexplore.search.why.guided import guided_run
from raceexplore.search.why.order_constraints import (
    READS,
    RUNS,
    WRITES,
    Index,
    OrderConstraint,
    deeds,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from raceexplore.kernel.choice import ChoicePoint, Deviation
    from raceexplore.kernel.events.trace import Event
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Limits, Program
    from raceexplore.search.evidence.retried import Known
    from raceexplore.search.why.order_constraints import Anchor

ROUNDS = 3  # as many runs as are wanted, to get so many in which the orders are at stake
SHARED_MAX = 4  # resources that are tried instead of what is gone


@dataclass(frozen=True, slots=True)
class Attempted:
    """How often one bug's orders were attempted.

    orders: as they were attempted, in words. kept: runs of the mended program that kept them, and
    ended as they did. refused: runs in which it would not let the later side wait for the earlier.
    wanted: how many of both are wanted. instead: what was asked for is gone from the program, and
    the orders are those of what the same tasks share in its place. missing: why too few were at
    stake, in words; empty if enough were.
    """

    orders: tuple[str, ...]
    kept: int
    refused: int
    wanted: int
    instead: bool = False
    missing: str = ""
    survivors: tuple[Survivor, ...] = ()

    @property
    def count(self) -> int:
        """How often it was attempted."""
        return self.kept + self.refused


def attempted(bug: Known, after: Program, wanted: int, entropy: int, limits: Limits) -> Attempted:
    """Force the orders of ``bug`` upon ``after`` until they were at stake ``wanted`` times."""
    trying = _Trying(bug, after, entropy, limits)
    sets = trying.sets()
    words = tuple(dict.fromkeys(str(c) for constraints in sets for c in constraints))
    if not sets:
        names = " and ".join(dict.fromkeys(_tasks(bug)))
        gone = f"{names} share nothing in {after.name} that could be put in the failing order"
        return Attempted((), 0, 0, wanted, instead=True, missing=gone)
    kept = refused = number = 0
    survivors: list[Survivor] = []
    while kept + refused < wanted and number < ROUNDS * wanted and not survivors:
        stake = trying.attempt(sets[number % len(sets)], number)
        number += 1
        kept, refused = kept + stake.kept, refused + stake.refused
        survivors += stake.survivors
    enough = kept + refused >= wanted or bool(survivors)
    short = f"its orders were at stake in {kept + refused} of {number} runs, not in {wanted}"
    return Attempted(
        words, kept, refused, wanted, trying.instead, "" if enough else short, tuple(survivors)
    )


def attempted_draws(
    bug: Known, after: Program, wanted: int, entropy: int, limits: Limits
) -> Attempted:
    """Force the draws that make ``bug`` fail upon ``after``, on ``wanted`` days; see `attempted`.

    For a failure that needs no order. What else is drawn is that of drawn runs. A run in which
    ``after`` does not ask for these draws is no attempt.
    """
    draws = tuple(d for d in bug.found.run.schedule.deviations if d.kind != "task")
    words = tuple(f"draw {d.take} of {d.at}" for d in draws)
    count, survivors = 0, []
    for number in range(wanted):
        forced = _Forced(draws, entropy, number)
        run = run_once(after, forced, limits=limits, settings=Settings(entropy=entropy))
        count += run.outcome != "cut" and forced.met == len(draws)
        survivors += survivor("attempted", run)
        if survivors:
            break
    short = (
        ""
        if count == wanted or survivors
        else (f"the draws that make it fail were asked for in {count} of {wanted} runs")
    )
    return Attempted(words, count, 0, wanted, missing=short, survivors=tuple(survivors))


def attempted_days(bug: Known, wanted: int) -> Attempted:
    """Return the days on which ``bug`` fails as attempts; for one that no order explains.

    No schedule that passes was found, so whatever the order was on such a day, it was a failing
    one; and the mended program has met the same day.
    """
    count = min(len(bug.runs), wanted)
    short = f"it fails in whatever order, but on {count} days and not on {wanted}"
    return Attempted((), count, 0, wanted, missing="" if count == wanted else short)


class _Forced(Drawn):
    """A drawn run in which some draws are what they are said to be. met: how many of these."""

    def __init__(self, draws: Sequence[Deviation], entropy: int, number: int) -> None:
        super().__init__(entropy)
        self.number, self.met = number, 0
        self._draws = {(d.kind, d.at, d.nth): int(d.take) for d in draws}

    def choose(self, point: ChoicePoint) -> int:
        """Return what is forced here, else what is drawn."""
        take = self._draws.get((point.kind, point.label, point.ordinal))
        if take is None or take >= point.bound:
            return super().choose(point)
        self.met += 1
        return take


class _Stake(NamedTuple):
    kept: bool
    refused: bool
    survivors: list[Survivor]


def _tasks(bug: Known) -> Iterator[str]:
    for constraint in bug.guide.constraints:
        yield constraint.first.deed.task
        yield constraint.then.deed.task


class _Trying:
    """The mended program, with what is known of its runs."""

    def __init__(self, bug: Known, after: Program, entropy: int, limits: Limits) -> None:
        self.bug, self.after, self.entropy, self.limits = bug, after, entropy, limits
        self.settings = Settings(time="elastic", entropy=entropy)
        self.instead = False
        self._plain = guided_run(after, (), settings=self.settings, limits=limits, values=True).run
        self._known = [self._plain]

    def sets(self) -> list[tuple[OrderConstraint, ...]]:
        """Return the sets of orders to attempt: those of the bug, or what stands in their place."""
        now = tuple(dict.fromkeys(event.task for event in self._plain.events))
        guide = self.bug.guide.under(new_names(self.bug.found.tasks, now))
        found = matched(guide.constraints, [run.events for run in self._known])
        if all(self._is_done(side) for c in found for side in (c.first, c.then)):
            return [found] if found else []
        self.instead = True
        pairs = dict.fromkeys((c.first.deed.task, c.then.deed.task) for c in guide.constraints)
        shared: list[tuple[OrderConstraint, ...]] = [
            (c,) for pair in pairs for c in _shared(self._plain.events, *pair)
        ]
        return shared[:SHARED_MAX]

    def _is_done(self, side: Anchor) -> bool:
        return any(Index(run.events).count.get(side.deed) for run in self._known)

    def attempt(self, constraints: Sequence[OrderConstraint], number: int) -> _Stake:
        """Run once under the latencies of drawn run ``number``, made to keep ``constraints``."""
        guidance = guided_run(
            self.after,
            constraints,
            settings=self.settings,
            limits=self.limits,
            draws=self._draws(number),
            values=True,
        )
        run, index = guidance.run, Index(guidance.run.events)
        came = run.outcome != "cut" and all(index.find(c.then) is not None for c in constraints)
        refused = came and bool(guidance.broken)
        return _Stake(came and not guidance.broken, refused, self._survivors(run))

    def _draws(self, number: int) -> tuple[Deviation, ...]:
        scheduler = Drawn(self.entropy)
        scheduler.number = number
        settings = replace(self.settings, time="strict")
        run = run_once(self.after, scheduler, limits=self.limits, settings=settings)
        return tuple(d for d in run.schedule.deviations if d.kind != "task")

    def _survivors(self, run: Run) -> list[Survivor]:
        failure = run.failure
        if failure is None or failure.fingerprint != self.bug.found.fingerprint:
            return []  # in elastic time whatever has a time-out may fail in another way
        return survivor("attempted", run)


def _shared(events: Sequence[Event], first: str, then: str) -> list[OrderConstraint]:
    """Return, for all that both tasks touch and ``then`` writes, that ``first`` touches it first.

    The closest to the race that there was: one task uses what the other one is yet to change.
    """
    index = Index(events)
    touches: dict[str, Anchor] = {}
    writes: dict[str, Anchor] = {}
    for event in events:
        for deed, access in deeds(event):
            if access is None or deed.what == RUNS or access.kind is not Kind.DATA:
                continue
            if event.task == first and deed.what in (READS, WRITES):
                touches.setdefault(deed.resource, index.anchor(event, access))
            elif event.task == then and deed.what == WRITES:
                writes.setdefault(deed.resource, index.anchor(event, access))
    return [OrderConstraint(touches[name], writes[name]) for name in touches if name in writes]

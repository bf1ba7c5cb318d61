"""A race in the field's word: what it is told by, and the failing run that it is looked for in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from raceexplore.search.race_kinds.accesses import History
from raceexplore.search.race_kinds.slice import failing_event, relevant
from raceexplore.search.race_kinds.stale import Stale, stale
from raceexplore.search.why.dependence import slice_of

if TYPE_CHECKING:
    from raceexplore.kernel.outcome import Failure, Run
    from raceexplore.search.race_kinds.accesses import Touch

Kind = Literal[
    "deadlock cycle",
    "lost wakeup",
    "ABA",
    "write skew",
    "lost update",
    "leak on cancel",
    "dirty read",
    "check-then-act",
    "stale read",
]


class Point(NamedTuple):
    """A part of a race: what a task did, and where.

    did: ``read``, ``wrote``, or what it is in this kind of race. event: its number; -1 where it is
    none. label, value: of the access, where it is one. line: ``file:line``.
    """

    did: str
    event: int
    task: str
    line: str
    label: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Race:
    """A race, and the points that make it one, in the order in which they are told."""

    kind: Kind
    points: tuple[Point, ...]


def point(touch: Touch, did: str = "") -> Point:
    """Return the point that ``touch`` is."""
    access = touch.access
    how = did or ("wrote" if access.write else "read")
    return Point(how, touch.event, touch.task, access.line, access.label, touch.value)


class Case(NamedTuple):
    """A failing run, ready to be searched.

    failing: the number of the event that fails, or -1; culprit: its task. relevant: the places of
    the writes that may have flowed into the failure. stale: what tasks went on from until then, the
    last one, which is the nearest to the failure, first.
    """

    failure: Failure
    history: History
    failing: int
    culprit: str
    relevant: frozenset[int]
    stale: tuple[Stale, ...]


def case_of(run: Run) -> Case:
    """Return the case of ``run``, which has failed and was observed with values."""
    assert run.failure is not None
    history = History(run.events)
    failed = failing_event(history, run.failure)
    last = failed.number if failed else len(run.events)
    flown, stales = relevant(history, run.failure), [s for s in stale(history) if s.at <= last]
    within = slice_of(run.events, run.failure)
    if within is not None:
        # by location: of several looks of one event the ledger keeps the line of the first alone
        touches, known = history.touches, within.resources
        flown = frozenset(p for p in flown if touches[p].access.resource in known)
        stales = [one for one in stales if one.read.access.resource in known]
    return Case(
        run.failure,
        history,
        failed.number if failed else -1,
        failed.task if failed else "",
        flown,
        tuple(stales)[::-1],
    )

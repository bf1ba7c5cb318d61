"""Which orders of conflicting accesses one run keeps and another breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from raceexplore.kernel.events.footprint import WHOLE
from raceexplore.kernel.events.order import order
from raceexplore.kernel.events.trace import UNTOLD, Stop
from raceexplore.observe.effects.locations import FREE, ORDER, QUEUE
from raceexplore.search.why.order_constraints import (
    Index,
    OrderConstraint,
    deed_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from raceexplore.kernel.events.trace import Access, Event

SCANNED = 50  # accesses of one task that are looked at before one is given up
UNSEEN = (9,)  # the weight of a conflict on what is no value
PARTS = (QUEUE, FREE, ORDER)


class Side(NamedTuple):
    """One side of a conflict: an event, and its access; None where it is what runs that counts."""

    event: Event
    access: Access | None

    @property
    def resource(self) -> tuple[Any, object]:
        """What is accessed."""
        return self.access.resource if self.access is not None else ("", "")


class Conflict(NamedTuple):
    """An order that one run keeps and another breaks.

    constraint: ``first`` before ``then``. first: as the failing run did it. then: as the run did
    it that broke the order. weight: the lower, the more it tells a reader. place: where that run
    broke it.
    """

    constraint: OrderConstraint
    first: Side
    then: Side
    weight: tuple[int, ...]
    place: int


def differences(kept: Sequence[Event], broke: Sequence[Event]) -> list[Conflict]:
    """Return the orders of conflicting accesses that ``kept`` has and ``broke`` has not.

    Both are of the same program and observed with values. What is done too early in ``broke`` may
    come later in ``kept``, or never: a failure ends a run. In the order in which ``broke`` goes
    wrong; for each access there, and each other task, the first that ought to have come before.
    """
    ours, theirs = Index(kept), Index(broke)
    found: dict[OrderConstraint, Conflict] = {}
    for first, then in (*_values(kept, broke, ours, theirs), *_rest(kept, broke, ours, theirs)):
        constraint = OrderConstraint(ours.anchor(*first), theirs.anchor(*then))
        weight = _weight(first.access, then.access)
        conflict = Conflict(constraint, first, then, weight, then.event.number)
        found.setdefault(constraint, conflict)
    return sorted(found.values(), key=lambda c: (c.place, c.weight, c.first.event.number))


def _values(
    kept: Sequence[Event], broke: Sequence[Event], ours: Index, theirs: Index
) -> Iterator[tuple[Side, Side]]:
    """Yield the sides of the broken orders of what both runs touch, less cancel scopes."""
    by_object: dict[object, dict[str, list[Side]]] = {}
    for side in _sides(kept):
        tasks = by_object.setdefault(side.resource[0], {})
        tasks.setdefault(side.event.task, []).append(side)
    for then in _sides(broke):
        for task, sides in by_object.get(then.resource[0], {}).items():
            if task == then.event.task:
                continue
            while sides and _place(sides[0], ours, theirs) < then.event.number:
                del sides[0]  # done in both
            yield from _earliest(sides, then, ours, theirs)


def _sides(events: Sequence[Event]) -> Iterator[Side]:
    for event in events:
        yield from (Side(event, a) for a in event.effects if not _is_scope(a))


def _earliest(
    sides: list[Side], then: Side, ours: Index, theirs: Index
) -> Iterator[tuple[Side, Side]]:
    """Yield the first of ``sides`` that ought to have come before ``then``."""
    limit = _place(then, theirs, ours)
    for first in sides[:SCANNED]:
        if first.event.number >= limit:
            return
        if _meet(first.access, then.access) and (_place(first, ours, theirs) > then.event.number):
            yield first, then
            return


def _place(side: Side, own: Index, other: Index) -> float:
    """Return where another run does what ``side`` is in its own; infinity if it never does."""
    assert side.access is not None
    deed = deed_of(side.event.task, side.access)
    return other.events.get((deed, own.nth[side.event.number, deed]), float("inf"))


def _rest(
    kept: Sequence[Event], broke: Sequence[Event], ours: Index, theirs: Index
) -> Iterator[tuple[Side, Side]]:
    """Yield broken orders of races on what is no value: cancel scopes, code nobody observes."""
    events = list(_timeless(kept))
    for i, j in order(events).races:
        pairs = list(_pairs(events[i], events[j]))
        if pairs and not all(_is_scope(one) for one, _ in pairs):
            continue
        one = next((one for one, _ in pairs if one.write), None)
        first, then = Side(events[i], one), Side(events[j], None)
        there = theirs.find(ours.anchor(*then))
        before = theirs.find(ours.anchor(*first))
        if there is not None and (before is None or before > there):
            yield first, Side(broke[there], None)


def _timeless(events: Sequence[Event]) -> Iterator[Event]:
    """Yield ``events`` without the causes of those whose task the clock woke.

    That time passed in between orders nothing: another latency would have turned it round.
    """
    latest: dict[str, int] = {}
    for event in events:
        since = latest.get(event.task, -1)
        latest[event.task] = event.number
        woken = any(i > since and event.task in events[i].woken for i in event.causes)
        joins = event.begin.stop is Stop.JOIN
        yield event if woken or joins else event._replace(causes=())


def _pairs(first: Event, then: Event) -> Iterator[tuple[Access, Access]]:
    for one in first.effects:
        yield from ((one, other) for other in then.effects if _meet(one, other))


def _meet(one: Access | None, other: Access | None) -> bool:
    assert one is not None
    assert other is not None
    keys = (one.resource[1], other.resource[1])
    same = one.resource[0] == other.resource[0] and (keys[0] == keys[1] or WHOLE in keys)
    return same and (one.write or other.write)


def _is_scope(access: Access) -> bool:
    return access.kind in UNTOLD


def _weight(one: Access | None, other: Access | None) -> tuple[int, ...]:
    """Return how little a conflict tells: least where a value is read and written."""
    if one is None or other is None:
        return UNSEEN
    keys = (one.resource[1], other.resource[1])
    told = sum(bool(access.before or access.after) for access in (one, other))
    return (
        any(key in PARTS for key in keys),
        2 - told,
        one.write and other.write,
        keys[0] != keys[1],
    )

"""The arrows of a run: happens-before without what follows from the rest of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from raceexplore.kernel.events.order import order
from raceexplore.kernel.events.trace import UNTOLD, Stop
from raceexplore.report.story.rows import Arrow, ArrowKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from raceexplore.kernel.events.trace import Access, Event


def arrows(events: Sequence[Event], first: int) -> Iterable[Arrow]:
    """Return the transitive reduction of happens-before, less the order within one task."""
    cut = [e._replace(causes=tuple(c - first for c in e.causes if c >= first)) for e in events]
    past, _, footprints, _ = order(cut)
    for j, event in enumerate(cut):
        left = past[j]
        while left:
            i = left.bit_length() - 1  # the last one left: nothing lies between it and j
            left &= ~(past[i] | 1 << i)
            if events[i].task == event.task:
                continue
            if i in event.causes:
                yield Arrow(_kind(events[i], event), i + first, j + first)
            elif footprints[i].objects & footprints[j].objects:
                label = _label(events[i].accesses, event.accesses)
                yield Arrow("conflict", i + first, j + first, label)


def _kind(source: Event, target: Event) -> ArrowKind:
    if target.task in source.woken:
        return "wakes"
    return "joins" if not source.end.file and target.begin.stop is Stop.JOIN else "time"


def _label(one: Sequence[Access], other: Sequence[Access]) -> str:
    """Return the location that ``one`` and ``other`` conflict on, in words; a write's first."""
    both = [a for a in other if any(_meet(a, b) for b in one)]
    both.sort(key=lambda a: (a.kind in UNTOLD, not a.write))
    return both[0].label if both else "code that nobody observes"


def _meet(a: Access, b: Access) -> bool:
    if a.resource[0] != b.resource[0] or not (a.write or b.write):
        return False
    return a.resource[1] == b.resource[1] or ... in (a.resource[1], b.resource[1])

"""Find the deeds that order constraints speak of again, in a program that was edited since."""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from raceexplore.search.why.order_constraints import Deed, Index, OrderConstraint, deeds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from raceexplore.kernel.events.trace import Event
    from raceexplore.search.why.order_constraints import Anchor

LEAST = 0.5  # of the likeness of two deeds, for them to be taken for the same; 1 is equal


def matched(
    constraints: Iterable[OrderConstraint], runs: Iterable[Sequence[Event]]
) -> tuple[OrderConstraint, ...]:
    """Return ``constraints`` as they read in the program of ``runs``, as far as can be told.

    runs: of the program as it is now, observed with values. A side is left as it was where nothing
    like it was done.
    """
    done = [anchor for events in runs for anchor in _anchors(events)]
    return tuple(OrderConstraint(_like(c.first, done), _like(c.then, done)) for c in constraints)


def _anchors(events: Sequence[Event]) -> list[Anchor]:
    index = Index(events)
    return [index.anchor(event, access) for event in events for _, access in deeds(event)]


def _like(anchor: Anchor, done: Sequence[Anchor]) -> Anchor:
    """Return the one of ``done`` that is most like ``anchor``: of its task, else of any.

    What no event of the task has done so far, it may do as others do: under another schedule.
    """
    task, what = anchor.deed.task, anchor.deed.what
    for same in (lambda other: other.deed.task == task, lambda _: True):
        found = _best(anchor, [a for a in done if a.deed.what == what and same(a)])
        if found is not None:
            deed = Deed(task, what, found.deed.resource)
            return replace(found, deed=deed, nth=_nth(anchor, found, done, deed), turn=anchor.turn)
    return anchor


def _best(anchor: Anchor, done: Sequence[Anchor]) -> Anchor | None:
    kinds = {(a.deed.resource, a.file, a.line): a for a in reversed(done)}
    likeness = {key: _likeness(anchor, kinds[key]) for key in sorted(kinds)}
    best = max(likeness, key=lambda key: likeness[key], default=None)
    return None if best is None or likeness[best] < LEAST else kinds[best]


def _nth(anchor: Anchor, found: Anchor, done: Sequence[Anchor], deed: Deed) -> int:
    """Return which event with ``deed`` is the one at the turn of ``anchor`` on the line found."""
    here = [a for a in done if a.deed == deed and (a.file, a.line) == (found.file, found.line)]
    turns = {a.turn: a.nth for a in here}
    # a turn that was not seen: as many more as are missing
    last = max(turns, default=0)
    return turns.get(anchor.turn, turns.get(last, 0) + anchor.turn - last)


def _likeness(then: Anchor, now: Anchor) -> float:
    """Return how like two deeds are, from 0 to 1."""
    label = _ratio(_bare(then.label), _bare(now.label))
    code = _ratio(then.code, now.code)
    function = then.function.rpartition(".")[2] == now.function.rpartition(".")[2]
    which = now.which == then.which
    return (4 * label + 4 * code + function + which) / 10


def _ratio(one: str, other: str) -> float:
    return 1.0 if one == other else SequenceMatcher(None, one, other).ratio()


def _bare(label: str) -> str:
    """Return ``label`` without the numbers of objects, which hang on the order of first touch."""
    return re.sub(r"#\d+", "", label)

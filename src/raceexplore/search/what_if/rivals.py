"""Rivals: the code outside of a section that touches what the section does."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from raceexplore.search.what_if.paths_to_accesses import conflict
from raceexplore.search.what_if.statements import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from raceexplore.search.what_if.paths_to_accesses import Touch, Trail
    from raceexplore.search.what_if.statements import Code


class Deed(NamedTuple):
    """An access to something of the program's own. event: its number in the run."""

    task: str
    event: int
    touch: Touch


def rivals(spans: Sequence[Span], trails: Iterable[Trail]) -> tuple[Span, ...]:
    """Return the lines outside of ``spans`` that a lock around them has to be around, too.

    They make an access that conflicts with one inside, by another task that runs side by side. What
    tasks do to locks and their like needs no lock; nor do tasks need one before they spawn others,
    and after those have ended. Lines of a function that follow each other are one span.
    """
    found = {place for one in trails for place in _places(spans, one)}
    lines = [Span(code, line, line) for code, line in sorted(found)]
    joined: list[Span] = []
    for span in lines:
        last = joined[-1] if joined else None
        if last is not None and (last.code, last.last + 1) == (span.code, span.first):
            joined[-1] = Span(span.code, last.first, span.last)
        else:
            joined.append(span)
    return tuple(joined)


def _places(spans: Sequence[Span], one: Trail) -> Iterator[tuple[Code, int]]:
    inside: dict[int, list[Deed]] = {}
    outside: list[Deed] = []
    for deed in _deeds(one):
        if any(_is_in(deed.touch, span) for span in spans):
            inside.setdefault(deed.touch.resource[0], []).append(deed)
        else:
            outside.append(deed)
    lives = {task: (stays[0].number, stays[-1].number) for task, stays in one.tasks.items()}
    for deed in outside:
        others = inside.get(deed.touch.resource[0], ())
        if any(conflict(deed.touch, o.touch) and _side_by_side(deed, o, lives) for o in others):
            yield deed.touch.way[-1]


def _deeds(one: Trail) -> Iterator[Deed]:
    for task, stays in one.tasks.items():
        for stay in stays:
            yield from (Deed(task, stay.number, t) for t in stay.touches if not t.primitive)


def _is_in(touch: Touch, span: Span) -> bool:
    return any(code == span.code and span.first <= line <= span.last for code, line in touch.way)


def _side_by_side(one: Deed, other: Deed, lives: dict[str, tuple[int, int]]) -> bool:
    """Return whether two tasks did that while both were alive, if one has spawned the other."""
    if one.task == other.task:
        return False
    for above, below in ((one, other), (other, one)):
        if below.task.startswith(f"{above.task}/"):
            first, last = lives[below.task]
            return first < above.event < last
    return True

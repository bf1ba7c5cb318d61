"""Accesses that were overtaken: a task goes on from a value that others have changed since."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from raceexplore.search.race_kinds.accesses import History, Touch


class Stale(NamedTuple):
    """A task read a location and goes on in event ``at``; others wrote the location in between.

    It has neither written it nor read it in an event between. write: the last of those writes;
    nothing made it fall between the two. restored: after it the value was again the one read.
    """

    read: Touch
    write: Touch
    at: int
    restored: bool


def stale(history: History) -> Iterator[Stale]:
    """Yield what each event of ``history`` goes on from and is stale, in order."""
    held: dict[str, dict[object, Touch]] = {}  # the reads that a task may still rely on
    for event in history.events:
        mine = held.setdefault(event.task, {})
        for read in mine.values():
            found = _overtaken(history, read, event.number)
            if found is not None:
                yield found
        for touch in history.of_event[event.number]:
            if not touch.access.write:
                mine[touch.access.resource] = touch
                continue
            for resource in [r for r, read in mine.items() if read.meets(touch)]:
                del mine[resource]


def _overtaken(history: History, read: Touch, at: int) -> Stale | None:
    between = overwrites(history, read, at)
    if not between:
        return None
    write = between[-1]
    if history.forced(read.event, write.event) and history.forced(write.event, at):
        return None
    return Stale(read, write, at, is_same(read, write))


def overwrites(history: History, read: Touch, at: int) -> Sequence[Touch]:
    """Return the writes of other tasks to what was read, after the read and before event ``at``."""
    return [touch for touch in history.writes(read, read.event + 1, at) if touch.task != read.task]


def is_same(one: Touch, other: Touch) -> bool:
    """Return whether two accesses to one location surely saw or left the same value."""
    same = one.access.resource == other.access.resource and one.value == other.value
    return same and is_plain(one.value)


def is_plain(text: str) -> bool:
    """Return whether ``text`` is a value itself: not the name of its type, nor cut."""
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return False
    return True

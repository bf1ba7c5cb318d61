"""What a failure depends on: the writes of a run whose values may have flowed into it.

A dynamic backward slice (Korel and Laski, "Dynamic program slicing", 1988) at the grain of events:
what a task writes may depend on all that it has read before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from raceexplore.kernel.events.trace import Event
    from raceexplore.kernel.outcome import Failure
    from raceexplore.search.race_kinds.accesses import History, Touch

UNWINDING = ("Cancelled", "ExceptionGroup", "BaseExceptionGroup")


def failing_event(history: History, failure: Failure) -> Event | None:
    """Return the event in which a task failed; None if they wait for ever, or go round."""
    if failure.waits or not history.events:
        return None
    crashed = [e for e in history.events if e.error and e.error not in UNWINDING]
    return crashed[0] if crashed else history.events[-1]


def relevant(history: History, failure: Failure) -> frozenset[int]:
    """Return the places of the writes on which ``failure`` may depend.

    Nobody knows what an invariant has read, and of some failures nothing that was read: then what
    was written last counts at each location.
    """
    failed = failing_event(history, failure)
    if failed is None:
        needed = {e.task: e.number for e in history.events}
        needed = {wait.task: needed[wait.task] for wait in failure.waits if wait.task in needed}
        return _closure(history, needed, ())
    needed = {failed.task: failed.number}
    if failure.kind == "invariant" or not any(_is_look(t) for t in history.of_event[failed.number]):
        return _closure(history, needed, _last_writes(history, failed.number))
    return _closure(history, needed, ())


def _closure(history: History, needed: dict[str, int], seeds: Collection[Touch]) -> frozenset[int]:
    """Return the writes that flow into ``seeds`` and into all that tasks did up to some events."""
    looks: dict[str, list[Touch]] = {}  # of each task, the last one first
    for touch in reversed(history.touches):
        looks.setdefault(touch.task, [])
        if _is_look(touch):
            looks[touch.task].append(touch)
    found = {seed.place for seed in seeds}
    left = [*needed.items(), *((seed.task, seed.event) for seed in seeds)]
    while left:
        task, last = left.pop()
        mine = looks.get(task, [])
        seen: list[Touch] = []
        while mine and mine[-1].event <= last:
            seen += _sources(history, mine.pop())
        for source in seen:
            if source.place not in found:
                found.add(source.place)
                left.append((source.task, source.event))
    return frozenset(found)


def _is_look(touch: Touch) -> bool:
    return not touch.access.write or not touch.is_blind()


def _sources(history: History, touch: Touch) -> Iterable[Touch]:
    """Return the last write before ``touch`` to each location that it looks at."""
    latest: dict[object, Touch] = {}
    for write in reversed(history.writes(touch, 0, touch.event + 1)):
        if write.place >= touch.place:
            continue
        latest.setdefault(write.access.resource, write)
        if write.access.resource == touch.access.resource and touch.access.resource[1] is not ...:
            break
    return latest.values()


def _last_writes(history: History, last: int) -> Collection[Touch]:
    latest = {t.access.resource: t for t in history.touches if t.access.write and t.event <= last}
    return latest.values()

"""Races over waiting: tasks that wait for each other, for a signal that was, or were cancelled."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from raceexplore.kernel.events.trace import Stop
from raceexplore.kernel.standing.waits import NURSERY, cycle
from raceexplore.search.race_kinds.case import Point, Race, point
from raceexplore.search.race_kinds.stale import is_plain, is_same, overwrites

WAITS = (Stop.EVENT, Stop.CONDITION)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.kernel.events.trace import Event
    from raceexplore.kernel.standing.waits import Wait
    from raceexplore.search.race_kinds.accesses import History, Touch
    from raceexplore.search.race_kinds.case import Case

Touches = list["Touch"]


def deadlock_cycle(case: Case) -> Race | None:
    """Return the cycle of tasks each of which waits for what the next one holds.

    Circular wait (Coffman et al., "System deadlocks", 1971). The owner of a lock holds it, so do
    the borrowers of a limiter, and those who have got a semaphore and have not given it back.
    """
    history = case.history
    waits = [_with_holders(history, wait) for wait in case.failure.waits]
    ring = cycle(waits) if waits else []
    sites = {wait.task: str(wait.site) for wait in waits}
    points = []
    for task, holder in zip(ring, [*ring[1:], *ring[:1]], strict=True):
        last, wanted = _end(history, task)
        label = _called(history, wanted) if wanted else ""
        points.append(Point("waits for", last, task, sites[task], label))
        for got in _takings(history, holder, wanted)[-1:]:
            label = _called(history, got)
            points.append(Point("holds", got.event, holder, got.access.line, label))
    return Race("deadlock cycle", tuple(points)) if ring else None


def lost_wakeup(case: Case) -> Race | None:
    """Return the first wake-up that was lost: a task waits for ever for what was told already.

    It has read x, and another has changed x since. Either the other signalled before the task
    began to wait (what Saltzer's wakeup-waiting switch prevents: "Traffic control in a multiplexed
    computer system", 1966); or the signal woke a third that could not go on and waits again (Goetz
    et al., "Java concurrency in practice", 2006, section 14.2.4).
    """
    history = case.history
    for wait in case.failure.waits:
        last, wanted = _end(history, wait.task)
        if wait.what == NURSERY or wait.holders or wanted is None:
            continue
        for read in _reads(history, wait.task):
            changes = overwrites(history, read, len(history.events))
            if not changes or is_same(read, changes[-1]):
                continue
            before = [change for change in changes if change.event < last]
            signal = _missed(history, before[-1], wanted) if before else None
            signal = signal or _hijacked(history, changes[-1], wanted)
            if signal is not None:
                change = before[-1] if before else changes[-1]
                waits = Point("waits", last, wait.task, str(wait.site), wanted.access.label)
                return Race("lost wakeup", (point(read), point(change), signal, waits))
    return None


def leak_on_cancel(case: Case) -> Race | None:
    """Return the first leak: a task took something, was cancelled, and has not given it back.

    It has written x, which flowed into the failure; then its await raised `trio.Cancelled`, it has
    not written x again, and at the end x is not what it was before. If other tasks have come to
    the same line and were not cancelled, they must all have gone on to write where it has not; else
    that write must have been its last that matters. Or it holds a semaphore, for ever, that others
    wait for.
    """
    history = case.history
    for event in history.events[: case.failing if case.failing >= 0 else None]:
        if not event.cancelled:
            continue
        for took in [*_held_for_ever(case, event), *_taken(case, event)]:
            stop = Point("cancelled", event.number, event.task, str(event.begin))
            return Race("leak on cancel", (point(took, "took"), stop))
    return None


def _end(history: History, task: str) -> tuple[int, Touch | None]:
    """Return the last event of ``task``, and what it waits for there, if that is known."""
    last = max(history.of_task(task), default=-1)
    waited = history.waited[last] if last >= 0 else []
    return last, waited[-1] if waited else None


def _with_holders(history: History, wait: Wait) -> Wait:
    """Return ``wait`` with those who hold the semaphore, if it is for one."""
    _, wanted = _end(history, wait.task)
    if wanted is None or wait.what != "a Semaphore":
        return wait
    tasks = dict.fromkeys(event.task for event in history.events)
    holders = [t for t in tasks if t != wait.task and _takings(history, t, wanted)]
    return wait._replace(holders=tuple(holders))


def _takings(history: History, task: str, wanted: Touch | None) -> Touches:
    """Return where ``task`` has got what is ``wanted``, less what it has given back."""
    got: Touches = []
    numbers = history.of_task(task)
    for number, following in pairwise([*numbers, -1]):
        event = history.events[number]
        for touch in history.waited[number]:
            if wanted is None or touch.access.resource[0] != wanted.access.resource[0]:
                continue
            asks = event.end.stop is Stop.ACQUIRE and touch is history.waited[number][-1]
            if not asks:
                del got[-1:]
            elif following >= 0 and not history.events[following].cancelled:
                got.append(touch)
    return got


def _called(history: History, touch: Touch) -> str:
    """Return the location that led to what is touched, right before; else the thing's own label."""
    accesses = history.events[touch.event].accesses
    index = next(n for n, access in enumerate(accesses) if access is touch.access)
    kind = str(touch.access.resource[0]).rpartition(".")[2]
    led = index > 0 and not accesses[index - 1].write and accesses[index - 1].before == kind
    return accesses[index - 1].label if led else touch.access.label.partition(".(")[0]


def _reads(history: History, task: str) -> Touches:
    """Return the last read of each location by ``task``, unless it has written there since."""
    latest: dict[object, Touch] = {}
    for touch in history.touches:
        if touch.task == task:
            latest[touch.access.resource] = touch
    return [touch for touch in latest.values() if not touch.access.write]


def _missed(history: History, change: Touch, wanted: Touch) -> Point | None:
    """Return the signal that the task of ``change`` gave before there was anybody to hear it.

    It has touched what is waited for, other than to lock it, or what the waiter then wrote down.
    """
    waiter = [t for t in history.touches if t.task == wanted.task and t.access.write]
    for event in history.events[change.event : wanted.event]:
        if event.task != change.task:
            continue
        signals = [t for t in history.waited[event.number] if _is_signal(t, event, wanted)]
        told = [t for t in history.of_event[event.number] if _is_told_late(t, change, waiter)]
        for touch in [*signals, *told]:
            return point(touch, "signalled")
    return None


def _is_signal(touch: Touch, event: Event, wanted: Touch) -> bool:
    same = bool(touch.access.resource == wanted.access.resource)
    return same and touch.access.write and event.end.stop not in WAITS


def _is_told_late(touch: Touch, change: Touch, waiter: Touches) -> bool:
    later = any(t.event > touch.event and t.meets(touch) for t in waiter)
    return later and not touch.meets(change)


def _hijacked(history: History, change: Touch, wanted: Touch) -> Point | None:
    """Return the third task that was woken in place of the waiter, and waits again."""
    if change.event < wanted.event:
        return None
    for event in history.events[change.event + 1 :]:
        again = event.begin.call == event.end.call and event.begin.stop in WAITS
        waited = [t for t in history.waited[event.number] if _same_thing(t, wanted)]
        wrote = any(t.access.write for t in history.of_event[event.number])
        if again and waited and not wrote and event.task not in (change.task, wanted.task):
            return point(waited[-1], "woke instead")
    return None


def _same_thing(touch: Touch, other: Touch) -> bool:
    return bool(touch.access.resource[0] == other.access.resource[0])


def _taken(case: Case, cancelled: Event) -> Iterator[Touch]:
    """Yield what the task of ``cancelled`` has written and never again, the last one first."""
    history, task = case.history, cancelled.task
    mine = [t for t in history.touches if t.task == task and t.access.write]
    lines = {t.access.line for t in mine}
    matters = [t for t in mine if t.place in case.relevant and t.value]
    for touch in reversed(matters):
        again = any(t.meets(touch) for t in mine if t.place > touch.place)
        if touch.event >= cancelled.number or again or not _is_missing(history, touch):
            continue
        others = _after(history, touch)
        if all(rest - lines for rest in others) if others else touch is matters[-1]:
            yield touch


def _is_missing(history: History, took: Touch) -> bool:
    """Return whether, at the end, there is something else than before ``took``."""
    last = history.writes(took, took.event, len(history.events))[-1]
    return last.access.after != took.access.before or not is_plain(last.access.after)


def _after(history: History, touch: Touch) -> list[set[str]]:
    """Return where other tasks, not cancelled, have written after they came to the same line."""
    cancelled = {event.task for event in history.events if event.cancelled}
    found: dict[str, set[str]] = {}
    for other in history.touches:
        if not other.access.write or other.task in cancelled:
            continue
        if other.task in found:
            found[other.task].add(other.access.line)
        elif other.access.line == touch.access.line:
            found[other.task] = set()
    return list(found.values())


def _held_for_ever(case: Case, cancelled: Event) -> Iterator[Touch]:
    """Yield the semaphores that others wait for and that an ended, cancelled task has."""
    history = case.history
    if history.events[max(history.of_task(cancelled.task))].end.file:
        return
    for wait in case.failure.waits:
        _, wanted = _end(history, wait.task)
        if wait.what == "a Semaphore":
            got = _takings(history, cancelled.task, wanted)
            yield from [touch for touch in got if touch.event < cancelled.number]

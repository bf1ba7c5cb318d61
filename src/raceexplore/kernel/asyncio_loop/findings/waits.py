"""What a task of an asyncio program waits for, and which tasks could let it go."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Any, NamedTuple

from raceexplore.kernel.standing.waits import NURSERY, Wait
from raceexplore.kernel.standing.walk import frame_of, frames, is_user_file, site_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import FrameType

    from raceexplore.kernel.names import TaskInfo

LOCKS = (asyncio.Lock, asyncio.Semaphore, asyncio.Condition)
WORDS = {
    "Lock.acquire": "a Lock",
    "Semaphore.acquire": "a Semaphore",
    "BoundedSemaphore.acquire": "a BoundedSemaphore",
    "Event.wait": "an Event",
    "Condition.wait": "a Condition's notify",
    "Barrier.wait": "a Barrier",
    "Queue.get": "an item in a Queue",
    "Queue.put": "room in a Queue",
    "Queue.join": "a Queue's task_done",
}


class Awaited(NamedTuple):
    """What the frames of a task say it waits for: in words, the object, and tasks."""

    what: str
    resource: object
    tasks: Sequence[Any]


def waits(infos: Mapping[Any, TaskInfo], alive: Sequence[Any]) -> list[Wait]:
    """Return what each of the actors in ``alive`` waits for, and who could let it go."""
    held = _held(alive)
    by_task = {id(actor.task): infos[actor].path for actor in alive}
    found = []
    for actor in alive:
        awaited = _awaited(actor)
        paths = {by_task[id(task)] for task in awaited.tasks if id(task) in by_task}
        paths |= {infos[other].path for other in held.get(id(awaited.resource), ())}
        path = infos[actor].path
        found.append(Wait(path, site_of(actor.coro), awaited.what, tuple(sorted(paths - {path}))))
    return found


def _awaited(actor: Any) -> Awaited:
    for frame, _ in reversed(frames(actor.coro)):
        if is_user_file(frame.f_code.co_filename):
            break
        found = _of_frame(frame)
        if found is not None:
            return found
    future = actor.task._fut_waiter
    tasks = tuple(_tasks_in([future]))
    if tasks:
        return Awaited("another task", None, tasks)
    if future is None:
        return Awaited("its turn", None, ())
    kind = type(future).__name__
    return Awaited("a Future" if kind == "Future" else f"a {kind}", future, ())


def _of_frame(frame: FrameType) -> Awaited | None:
    """Return what a function of asyncio's that has stopped at ``frame`` waits for."""
    name, values = frame.f_code.co_name, frame.f_locals
    this = values.get("self")
    call = f"{type(this).__name__}.{name}" if this is not None else name
    if call in WORDS:
        return Awaited(WORDS[call], this, ())
    if isinstance(this, asyncio.TaskGroup):
        return Awaited(NURSERY, None, tuple(_tasks_in(this._tasks)))
    if this is None and name in ("_wait", "wait", "wait_for", "_cancel_and_wait"):
        of = values.get("fs") or [values.get("fut")]
        return Awaited("other tasks" if "fs" in values else "another task", None,
                       tuple(_tasks_in(of)))  # fmt: skip
    return None


def _tasks_in(futures: Iterable[Any]) -> Iterable[Any]:
    """Return the tasks among ``futures``, and those that a `gather` among them waits for."""
    for future in futures:
        if isinstance(future, asyncio.Task):
            if not future.done():
                yield future
        else:
            yield from _tasks_in(getattr(future, "_children", ()))


def _held(alive: Sequence[Any]) -> dict[int, list[Any]]:
    """Return which actors hold each lock: those that stand in an ``async with`` of it.

    asyncio's locks do not know their owner. But a frame inside of such a block holds what will end
    the block: the lock's ``__aexit__``.
    """
    found: dict[int, list[Any]] = {}
    for actor in alive:
        waits_for = _awaited(actor).resource
        for lock in _locks_of(actor.coro):
            if lock is not waits_for:
                found.setdefault(id(lock), []).append(actor)
            inner = getattr(lock, "_lock", None)  # a condition's
            if inner is not None:
                found.setdefault(id(inner), []).append(actor)
    return found


def _locks_of(coroutine: Any) -> Iterable[Any]:
    while coroutine is not None and frame_of(coroutine) is not None:
        for referent in gc.get_referents(coroutine):
            this = getattr(referent, "__self__", None)
            if isinstance(this, LOCKS) and referent.__name__ == "__aexit__":
                yield this
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)

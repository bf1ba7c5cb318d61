"""anyio's cancellation under asyncio, which it posts again and again until it is heard.

A cancelled scope of anyio's cancels what its tasks wait for, and has itself called in the next turn
of the loop, as long as there are tasks in it: one of them may wait again. Most of these calls find
nothing to do. Each would be an event of its own, at any place between the others. So such a call
sleeps while it would do nothing, keeping its place in asyncio's order as if it were made there, and
is roused by what may give it something to do: an event of one of its tasks. It stays awake then,
whatever else happens, until it has been made.
"""

from __future__ import annotations

import asyncio
from inspect import CORO_CREATED, getcoroutinestate
from types import MethodType
from typing import TYPE_CHECKING, Any, Final

from raceexplore.kernel.asyncio_loop.actors import DELIVERY

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME: Final = "_deliver_cancellation"
BACKEND: Final = "anyio._backends._asyncio"  # what anyio has for asyncio


def sleep_if_idle(handle: Any) -> None:
    """Let ``handle`` be a delivery that sleeps, if it is one whose scope has cancelled all it can.

    If a task could be cancelled again at once, it waits for what hears of that later, such as
    another task: then this stays a callback that posts itself. So it does with an anyio of another
    age, which keeps other books.
    """
    callback = handle._callback
    if type(callback) is not MethodType or callback.__func__.__name__ != NAME:
        return
    if callback.__func__.__module__ != BACKEND:
        return
    try:
        tasks = tuple(_tasks_in(callback.__self__))
    except AttributeError:
        return
    current = asyncio.current_task()
    if not any(task is not current and _can_cancel(task, is_host) for task, is_host in tasks):
        handle.watched = frozenset([task for task, _ in tasks if not task.done()])
        handle.kind = DELIVERY if handle.watched else handle.kind


def rouses(task: Any, handle: Any) -> bool:
    """Return whether the event that ``task`` has done, if any, gives ``handle`` something to do."""
    if task in handle.watched or handle._cancelled:
        return True
    found = tuple(_tasks_in(handle._callback.__self__))
    return any(task is one or _can_cancel(one, is_host) for one, is_host in found)


def _tasks_in(scope: Any) -> Iterator[tuple[Any, bool]]:
    """Yield the tasks that ``scope`` cancels, and whether each has entered it itself."""
    for task in scope._tasks:
        yield task, task is scope._host_task
    for child in scope._child_scopes:
        if not child._shield and not child._cancel_called:
            yield from _tasks_in(child)


def _can_cancel(task: Any, is_host: bool) -> bool:  # noqa: FBT001 it is a pair's second part
    """Return whether anyio would cancel ``task`` now."""
    if task.done() or task._must_cancel or not (is_host or _has_begun(task)):
        return False
    waiter = task._fut_waiter
    return not isinstance(waiter, asyncio.Future) or not waiter.done()


def _has_begun(task: Any) -> bool:
    coroutine = task.get_coro()
    return not asyncio.iscoroutine(coroutine) or getcoroutinestate(coroutine) != CORO_CREATED

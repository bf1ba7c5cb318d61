"""Where tasks get a Cancelled, which scope catches it, and in what order they go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import trio

from raceexplore.kernel.events.trace import Site, Stop
from raceexplore.kernel.standing.walk import site_of, user_await
from raceexplore.kernel.trio_loop.compat import GLOBAL_RUN_CONTEXT, CancelReason, by_spawn

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import CodeType

Delivery = tuple["CodeType", int, list[Any]]  # of a Cancelled: the await, and the task's scopes


def _close(self: Any, error: BaseException | None) -> BaseException | None:
    self.__class__ = trio.CancelScope
    if error is None:
        GLOBAL_RUN_CONTEXT.runner.deliveries.left.add(self)
    outcome: BaseException | None = self._close(error)
    return outcome


class _Final:
    """Lets a class derive from one of trio's that it has declared final."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        """Refuse nothing."""


# A cancelled scope, until its block is left: without an error no Cancelled came to it. It is made
# without calling its metaclass, by which trios before 0.23 refuse a class of theirs as a base; it
# is named as trio's, for whoever names objects by that.
WatchedScope: Any = type.__new__(
    type(trio.CancelScope),
    "CancelScope",
    (_Final, trio.CancelScope),
    {
        "__slots__": (),
        "_close": _close,
        "__module__": trio.CancelScope.__module__,
        "__qualname__": trio.CancelScope.__qualname__,
    },
)


def watch_closing(scope: Any) -> None:
    """Have ``scope``, which is cancelled, note how its block is left."""
    if type(scope) is trio.CancelScope:
        scope.__class__ = WatchedScope


class Deliveries:
    """Who got a Cancelled where, until the task ends.

    by_task: for each task, the deliveries that no scope has caught, and the last one.
    interrupted: for each task, its events that begin with a Cancelled, and their innermost scopes.
    left: cancelled scopes whose block a task has left as if nothing had been.
    """

    def __init__(self) -> None:
        self.by_task: dict[Any, list[Delivery]] = {}
        self.left: set[Any] = set()
        self.interrupted: dict[Any, dict[int, Any]] = {}

    def note(self, task: Any) -> None:
        """Remember where ``task`` gets a Cancelled, and the scopes of its own that ask for it.

        If none of its own does, it comes from further out, and the end of the task is all that
        is asked for: trio treats the block as done then, whatever the task has made of it.
        """
        scopes, status, parent = [], task._cancel_status, task._parent_nursery
        around = parent._cancel_status if parent else None
        while status is not None and status is not around:
            if status._scope._cancel_called:
                scopes.append(status._scope)
                watch_closing(status._scope)
            status = status._parent
        innermost = task._cancel_status._scope
        self.interrupted.setdefault(task, {})[task._schedule_points + 1] = innermost
        if not scopes:
            return
        delivery = *user_await(task.coro), scopes
        before = self.by_task.setdefault(task, [])
        if before and is_caught(before[-1]):
            before[-1] = delivery
        else:
            before.append(delivery)

    def end(self, task: Any) -> Site | None:
        """Forget ``task``; return where it got the first Cancelled that came to no scope.

        Only a scope of its own counts whose block it has left as if that had not been cancelled: an
        error that takes the place of the Cancelled is for whoever is outside to handle.
        """
        for delivery in self.by_task.pop(task):
            if not is_caught(delivery) and not self.left.isdisjoint(delivery[2]):
                code, line, _ = delivery
                return Site(code.co_filename, line, code.co_qualname)
        return None


def is_caught(delivery: Delivery) -> bool:
    """Return whether one of the scopes that ``delivery`` could come to has caught it."""
    return any(scope.cancelled_caught for scope in delivery[2])


def sort_cancelled(queue: list[Any], cancelled: list[Any]) -> None:
    """Give the tasks that one event has cancelled their places in the order of spawning.

    They may be sorted, because nothing has run between one's cancellation and the next's: any
    order of theirs is one that trio could have made, since it walks through a set.
    """
    tasks = frozenset(cancelled)
    places = [i for i, task in enumerate(queue) if task in tasks]
    in_order = sorted((queue[i] for i in places), key=by_spawn)
    for i, task in zip(places, in_order, strict=True):
        queue[i] = task
    cancelled.clear()


def cancel_for_deadline(scope: Any) -> None:
    """Cancel ``scope``, and tell the reason where this trio records reasons."""
    if CancelReason is not None:
        scope._cancel(CancelReason(source="deadline"))
    else:
        scope.cancel()


def joins(task: Any) -> bool:
    """Return whether ``task``, which waits, waits for the tasks of its nursery to end.

    An older trio does not say so: there it may wait for anything.
    """
    try:
        return bool(task._child_nurseries) and bool(
            task._child_nurseries[-1]._parent_waiting_in_aexit
        )
    except AttributeError:
        return False


def scopes_of(task: Any) -> list[Any]:
    """Return the cancel scopes that ``task`` is in, innermost first."""
    found, status = [], task._cancel_status
    while status is not None:
        found.append(status._scope)
        status = status._parent
    return found


def cancelled_of(scopes: Iterable[Any]) -> list[Any]:
    """Return those of ``scopes`` that have been cancelled, without looking at their deadlines."""
    return [scope for scope in scopes if scope._cancel_called]


def cancellable(task: Any, system: Any) -> Any:
    """Return the innermost cancel scope around the await of ``task`` that a program may cancel.

    That is one that the task has opened, or else its nursery's. None if the task does not wait, or
    is shielded, or is cancelled already, or if nobody but trio holds a scope around it. A sleeper
    waits in a scope of trio's own. system: the nursery that main and trio's own tasks are in.
    """
    parent = task._parent_nursery
    if task.coro.cr_frame is None or parent is None or not task._schedule_points:
        return None
    scopes, status = [], task._cancel_status
    while status is not None and status is not parent._cancel_status:
        scopes.append(status._scope)
        status = status._parent
    if parent is not system:
        scopes.append(parent.cancel_scope)
    if scopes and site_of(task.coro).stop is Stop.SLEEP:
        del scopes[0]
    if not scopes or scopes[0].shield or any(scope._cancel_called for scope in scopes):
        return None
    return scopes[0]


def is_a_sleepers(scope: Any) -> bool:
    """Return whether ``scope``, which has a deadline, is the one in which trio's `sleep` waits."""
    tasks = scope._cancel_status._tasks if scope._cancel_status is not None else ()
    return any(t._abort_func is not None and site_of(t.coro).stop is Stop.SLEEP for t in tasks)

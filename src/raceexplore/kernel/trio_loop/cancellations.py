"""Where tasks get a Cancelled, which scope catches it, and in what order they go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raceexplore.kernel.events.trace import Site
from raceexplore.kernel.standing.walk import user_await
from raceexplore.kernel.trio_loop.compat import CancelReason, by_spawn

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import CodeType

Delivery = tuple["CodeType", int, list[Any]]  # of a Cancelled: the await, and the task's scopes


class Deliveries:
    """Who got a Cancelled where, until the task ends.

    by_task: for each task, the deliveries that no scope has caught, and the last one.
    interrupted: for each task, its events that begin with a Cancelled, and their innermost scopes.
    """

    def __init__(self) -> None:
        self.by_task: dict[Any, list[Delivery]] = {}
        self.interrupted: dict[Any, dict[int, Any]] = {}

    def note(self, task: Any) -> None:
        """Remember where ``task`` gets a Cancelled, and the scopes of its own that may catch it."""
        scopes, status, parent = [], task._cancel_status, task._parent_nursery
        around = parent._cancel_status if parent else None
        while status is not None and status is not around:
            scopes.append(status._scope)
            status = status._parent
        innermost = task._cancel_status._scope
        self.interrupted.setdefault(task, {})[task._schedule_points + 1] = innermost
        delivery = *user_await(task.coro), scopes
        before = self.by_task.setdefault(task, [])
        if before and is_caught(before[-1]):
            before[-1] = delivery
        else:
            before.append(delivery)

    def end(self, task: Any) -> Site | None:
        """Forget ``task``; return where it got the first Cancelled that came to no scope."""
        for delivery in self.by_task.pop(task):
            if not is_caught(delivery):
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

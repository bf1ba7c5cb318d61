"""What is told of anyio's objects by a table, and not by their own code, which is observed.

That is what looks into a task from outside: whether it is being cancelled while it waits.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from raceexplore.kernel.asyncio_loop.deliveries import BACKEND
from raceexplore.kernel.events.trace import Kind
from raceexplore.kernel.fence.hostile import home_of, is_a
from raceexplore.observe.effects.asyncio_primitives import is_counted
from raceexplore.observe.effects.codes import FOREIGN, SKIP, STANDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from raceexplore.observe.effects.codes import Table

SORTS: Final = {
    "Lock": Kind.LOCK,
    "Condition": Kind.LOCK,
    "Semaphore": Kind.SEMAPHORE,
    "CapacityLimiter": Kind.LIMITER,
    "Event": Kind.EVENT,
    "MemoryObjectSendStream": Kind.CHANNEL,
    "MemoryObjectReceiveStream": Kind.CHANNEL,
    "CancelScope": Kind.SCOPE,
}


def given_name(info: Any) -> int:
    """Return what it touches to read a task's name."""
    return FOREIGN if is_counted(info.name) else SKIP


TASK_INFO: Final[Table] = {
    "__init__": SKIP,
    "has_pending_cancellation": STANDS,
    "name": given_name,
    "id": SKIP,
    "parent_id": SKIP,
    "coro": FOREIGN,
}


def tables(module: ModuleType) -> dict[type, Table]:
    """Return the tables of the classes of ``module``."""
    return {kind: TASK_INFO for name, kind in _classes(module) if name.endswith("TaskInfo")}


def sorts(module: ModuleType) -> dict[type, Kind]:
    """Return of which sort the objects of the classes of ``module`` are."""
    return {kind: SORTS[name] for name, kind in _classes(module) if name in SORTS}


def _classes(module: ModuleType) -> Iterator[tuple[str, type]]:
    if not module.__name__.startswith("anyio."):
        return
    for name, kind in vars(module).items():
        if is_a(kind, type) and home_of(kind).startswith("anyio"):
            yield name, kind


def task_behind(info: Any) -> object:
    """Return the task that a TaskInfo of anyio's is about; None if it has been freed."""
    held = info._task  # noqa: SLF001 anyio's
    try:
        # a weak reference under asyncio; under trio a proxy, whose methods are the task's
        found: object = held() if callable(held) else held.__init__.__self__
    except ReferenceError:
        found = None
    return found


def scopes_around(task: Any) -> Iterator[Any]:
    """Yield anyio's cancel scopes around an asyncio task, innermost first."""
    states = vars(sys.modules[BACKEND])["_task_states"]
    state = states.get(task)
    scope = None if state is None else state.cancel_scope
    while scope is not None:
        yield scope
        scope = scope._parent_scope  # noqa: SLF001 anyio's

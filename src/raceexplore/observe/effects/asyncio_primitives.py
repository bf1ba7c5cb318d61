"""What is not Python in asyncio, or is not asyncio's own: futures, tasks, handles and the loop.

All else of asyncio's is observed as the program is (see library_code.py). A future is one location,
which is its state, its result and its callbacks. A task is one more; what it is cancelled by is its
scope, which each of its events looks at. The kernel notes what no call shows: that a task waits for
a future, that it has ended, that a call is posted.
"""

from __future__ import annotations

import asyncio
from asyncio import mixins
from typing import Any, Final

from raceexplore.kernel.asyncio_loop.actors import Location, Scope
from raceexplore.kernel.asyncio_loop.loop import ControlledLoop
from raceexplore.kernel.asyncio_loop.names import COUNTED
from raceexplore.kernel.asyncio_loop.tasks import OrderedSet
from raceexplore.kernel.events.trace import Kind
from raceexplore.observe.effects.codes import FOREIGN, READ, SET, SKIP, STANDS, WRITE, Table


def is_counted(name: str) -> bool:
    """Return whether a task's name hangs on how many there were before; main is the first."""
    return bool(COUNTED.fullmatch(name)) and name != "Task-1"


def given_name(task: Any) -> int:
    """Return what it touches to read a task's name."""
    return FOREIGN if is_counted(task.get_name()) else READ


FUTURE: Final[Table] = {
    **dict.fromkeys(("done", "cancelled", "result", "exception", "_state", "_result"), READ),
    **dict.fromkeys(("_exception", "_cancel_message"), READ),
    **dict.fromkeys(("get_loop", "_loop", "_source_traceback", "_asyncio_future_blocking"), SKIP),
    **dict.fromkeys(("_log_traceback", "_make_cancelled_error", "remove_done_callback"), WRITE),
    "_callbacks": FOREIGN,
}
TASK: Final[Table] = {
    **FUTURE,
    **dict.fromkeys(("get_coro", "get_context"), SKIP),
    "cancelling": READ,
    # these show where another task stands, or what it is about to do
    **dict.fromkeys(("_must_cancel", "_fut_waiter"), STANDS),
    **dict.fromkeys(("get_stack", "print_stack", "_coro", "_num_cancels_requested"), FOREIGN),
    "get_name": given_name,
}
LOOP: Final[Table] = {
    **dict.fromkeys(dir(ControlledLoop), SKIP),
    **dict.fromkeys(
        ("set_task_factory", "set_exception_handler", "get_exception_handler"), FOREIGN
    ),
    **dict.fromkeys(
        ("set_debug", "get_debug", "stop", "_ready", "call_exception_handler"), FOREIGN
    ),
    **dict.fromkeys(("_asyncgens", "shutdown_asyncgens", "shutdown_default_executor"), FOREIGN),
    **dict.fromkeys(("host", "strangers"), FOREIGN),
}
TABLES: Final[dict[type, Table]] = {
    asyncio.Future: FUTURE,
    asyncio.Task: TASK,
    ControlledLoop: LOOP,
    mixins._LoopBoundMixin: {"_get_loop": SKIP},  # noqa: SLF001 it is set once, to the only loop
    OrderedSet: SET,
}

SORTS: Final[dict[Any, Kind]] = {
    asyncio.Lock: Kind.LOCK,
    asyncio.Condition: Kind.LOCK,
    asyncio.Semaphore: Kind.SEMAPHORE,
    asyncio.Event: Kind.EVENT,
    asyncio.Queue: Kind.CHANNEL,
    asyncio.Future: Kind.EVENT,
    Scope: Kind.SCOPE,
    Location: Kind.SCOPE,
}

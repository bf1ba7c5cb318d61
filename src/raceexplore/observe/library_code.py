"""Observe the Python code of libraries in which tasks meet: asyncio's own, anyio's, sniffio's.

Locks, queues, groups, time-outs, `gather` and memory streams are plain Python upon futures, or upon
trio's primitives. No table could follow them through the versions of Python and of anyio as exactly
as their own code does: while a run lasts they get it rewritten, like a program's functions. What is
written in C, futures and tasks, has a table (see effects/asyncio_primitives.py), and what the loop
does is noted in kernel/asyncio_loop/.

The functions are exchanged and not loaded a second time: a package that nobody observes raises and
catches the same classes of anyio as the program does.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from types import FunctionType, ModuleType
from typing import Any, Final

from raceexplore.kernel.asyncio_loop.deliveries import BACKEND
from raceexplore.kernel.fence.hostile import is_a
from raceexplore.observe.effects.anyio_primitives import sorts, tables
from raceexplore.observe.effects.sorts import know
from raceexplore.observe.in_place import Pair, codes_of, exchanged, paired

ASYNCIO: Final = (
    *("asyncio.locks", "asyncio.queues", "asyncio.taskgroups", "asyncio.timeouts"),
    *("asyncio.tasks", "asyncio.futures", "asyncio.threads"),
)
ANYIO: Final = (
    *("anyio._core._synchronization", "anyio._core._tasks", "anyio._core._eventloop"),
    *("anyio._core._streams", "anyio._core._resources", "anyio._core._typedattr"),
    *("anyio._core._testing", "anyio._core._contextmanagers", "anyio._core._exceptions"),
    *("anyio._core._futures", "anyio._core._concurrency_utils"),
    *("anyio.abc._tasks", "anyio.abc._streams", "anyio.abc._resources", "anyio.abc._eventloop"),
    *("anyio.abc._testing", "anyio.streams.memory", "anyio.streams.stapled"),
    *("anyio.streams.buffered", "anyio.streams.text", "anyio.lowlevel", "anyio.to_thread"),
    *("anyio.functools", "anyio.itertools", "sniffio._impl"),
)
BACKENDS: Final = {"trio": "anyio._backends._trio", "asyncio": BACKEND}
AS_IT_IS: Final = frozenset(
    {"current_task", "_enter_task", "_leave_task", "_swap_current_task"}
    | {"_task_started", "TaskInfo.__init__", "AsyncIOTaskInfo.__init__"}
    | {"AsyncIOTaskInfo.has_pending_cancellation"}
    | {"TrioTaskInfo.__init__", "TrioTaskInfo.has_pending_cancellation"}
    | {"MemoryObjectReceiveStream.__del__", "MemoryObjectSendStream.__del__"}
)
"""Functions that stay as they are.

asyncio's look up which task goes on: each event knows that, and finds the same. anyio's look where
a task stands: a table tells of them, and `_task_started` comes after a look at the same task. What
its streams do when they are freed is to warn, if nobody has closed them.
"""


def library_modules(runtime: str) -> tuple[ModuleType, ...]:
    """Return the modules of the runtime's library and of anyio whose code is observed.

    anyio's only where a program has used it, which loads its part for the runtime.
    """
    names = ASYNCIO if runtime == "asyncio" else ()
    if BACKENDS[runtime] in sys.modules:
        names = (*names, *ANYIO, BACKENDS[runtime])
    return tuple(sys.modules[name] for name in names if name in sys.modules)


def libraries_observed(modules: tuple[ModuleType, ...]) -> AbstractContextManager[None]:
    """Return a context in which the Python code of ``modules``, if any, tells what it does."""
    return exchanged(_all_pairs(modules)) if modules else nullcontext()


@lru_cache(maxsize=16)
def _all_pairs(modules: tuple[ModuleType, ...]) -> tuple[Pair, ...]:
    return tuple(pair for module in modules for pair in _pairs(module))


@lru_cache(maxsize=256)
def _pairs(module: ModuleType) -> tuple[Pair, ...]:
    """Return the functions of a module with their rewritten codes."""
    know(tables(module), sorts(module))
    codes = codes_of(str(module.__file__), expect_stores=False)
    pairs = [paired(function, codes) for function in _functions(module)]
    return tuple(pair for pair in pairs if pair is not None)


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    """Yield the functions that ``module`` defines, those of its classes included.

    A class is known by its functions: anyio gives many the name of another module.
    """
    own = tuple(vars(module).values())
    classes = [value for value in own if is_a(value, type)]
    members = [member for kind in classes for member in vars(kind).values()]
    seen: set[int] = set()
    for value in (*own, *members):
        for code in _codes(value):
            known = id(code) in seen or code.__qualname__ in AS_IT_IS
            if code.__globals__ is vars(module) and not known:
                seen.add(id(code))
                yield code


def _codes(value: Any) -> list[FunctionType]:
    """Return the functions that a member of a class or a module is made of, and what they wrap."""
    if is_a(value, property):
        parts = [value.fget, value.fset, value.fdel]
    else:
        parts = [getattr(value, "__func__", value)]
    found = [part for part in parts if type(part) is FunctionType]
    wrapped = [vars(part)["__wrapped__"] for part in found if "__wrapped__" in vars(part)]
    return found + [code for one in wrapped for code in _codes(one)]

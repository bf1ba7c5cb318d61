"""Observe asyncio's own Python code: what locks, queues, groups and time-outs share is seen there.

Locks, queues, groups, time-outs, `gather` and `wait` are plain Python upon futures. No table could
follow them through the versions of Python as exactly as their own code does: while a run lasts they
get it rewritten, like a program's functions. What is written in C, futures and tasks, has a table
(see effects/asyncio_primitives.py), and what the loop does is noted in kernel/asyncio_loop/.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from types import FunctionType, ModuleType
from typing import Any, Final

from raceexplore.kernel.fence.hostile import is_a
from raceexplore.observe.in_place import Pair, codes_of, exchanged, paired

MODULES: Final = ("locks", "queues", "taskgroups", "timeouts", "tasks", "futures", "threads")
OF_THE_LOOP: Final = frozenset({"current_task", "_enter_task", "_leave_task", "_swap_current_task"})
"""What looks up which task goes on: each event knows that, and finds the same."""


@contextmanager
def asyncio_observed() -> Iterator[None]:
    """Within the block, asyncio's own Python code tells what it reads and writes."""
    with exchanged(_pairs()):
        yield


@cache
def _pairs() -> tuple[Pair, ...]:
    """Return the functions of asyncio with their rewritten codes."""
    found = []
    for name in MODULES:
        module = import_module(f"asyncio.{name}")
        codes = codes_of(str(module.__file__), expect_stores=False)
        pairs = [paired(function, codes) for function in _functions(module)]
        found += [pair for pair in pairs if pair is not None]
    return tuple(found)


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    """Yield the functions that ``module`` defines, those of its classes included."""
    own = [value for value in vars(module).values() if _is_of(value, module)]
    classes = [value for value in own if is_a(value, type)]
    members = [member for kind in classes for member in vars(kind).values()]
    seen: set[int] = set()
    for value in (*own, *members):
        for code in _codes(value):
            known = id(code) in seen or code.__name__ in OF_THE_LOOP
            if code.__globals__ is vars(module) and not known:
                seen.add(id(code))
                yield code


def _codes(value: Any) -> list[FunctionType]:
    """Return the functions that a member of a class or a module is made of."""
    if is_a(value, property):
        parts = [value.fget, value.fset, value.fdel]
    else:
        parts = [getattr(value, "__func__", value)]
    return [part for part in parts if type(part) is FunctionType]


def _is_of(value: object, module: ModuleType) -> bool:
    return getattr(value, "__module__", None) == module.__name__


def is_supported() -> bool:
    """Return whether asyncio's source is there to be rewritten."""
    files = [getattr(sys.modules.get(f"asyncio.{name}"), "__file__", None) for name in MODULES]
    return all(file is None or str(file).endswith(".py") for file in files)

"""The processes that do the runs of a campaign: how they are made, and how they are ended."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.errors import BadOption
from raceexplore.kernel.fence.pulse import CELLS, Cell, pulse
from raceexplore.search.programs.silence import be_silent

if TYPE_CHECKING:
    from concurrent.futures import Executor

Factory = Callable[[], "Executor"]


def workers(jobs: int | str) -> int:
    """Return how many processes ``jobs`` means; ``auto``: one for each processor we may use.

    Raises `BadOption` for what is no number from 1, and not ``auto``.
    """
    if jobs == "auto":
        own = getattr(os, "sched_getaffinity", None)
        return len(own(0)) if own is not None else os.cpu_count() or 1
    if not isinstance(jobs, int) or isinstance(jobs, bool) or jobs < 1:
        raise BadOption(f"jobs is a number from 1, or 'auto', not {jobs!r}")
    return jobs


def can_fork() -> bool:
    """Return whether this process can be forked: not if another thread may hold a lock."""
    import multiprocessing

    there = "fork" in multiprocessing.get_all_start_methods() and sys.platform != "darwin"
    return there and threading.active_count() == 1


def processes(count: int, *, forked: bool) -> Executor:
    """Return ``count`` processes of this machine that ignore Ctrl-C and end with this one.

    Their pulses are at `pulses`.
    """
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    context: Any = multiprocessing.get_context("fork" if forked else "spawn")
    table, taken = context.RawArray("Q", count * CELLS), context.Value("i", 0)
    executor = ProcessPoolExecutor(count, context, initializer=settle, initargs=(table, taken))
    _tables[id(executor)] = table
    return executor


def pulses(executor: Executor) -> list[Any]:
    """Return the cells of each process of ``executor``; none if `processes` has not made it."""
    table = _tables.get(id(executor))
    return [] if table is None else _cells_of(table)


def _cells_of(table: Any) -> list[Any]:
    cells = memoryview(table).cast("B").cast("Q")
    return [cells[first : first + CELLS] for first in range(0, len(cells), CELLS)]


_tables: dict[int, Any] = {}


def settle(table: Any, taken: Any) -> None:
    """Make this process a worker, which writes its pulse where the driver sees it."""
    with taken.get_lock():
        number, taken.value = taken.value, taken.value + 1
    pulse.live(_cells_of(table)[number], {})
    pulse.cells[Cell.PID] = os.getpid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the driver hears it, and ends us
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # a fork has the driver's, and no timer
    be_silent()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    import multiprocessing

    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def close(executor: Executor, *, idle: bool) -> None:
    """End ``executor``, and the processes that are still busy with it."""
    _tables.pop(id(executor), None)
    if idle:
        executor.shutdown(wait=True)
        return
    found: Any = getattr(executor, "_processes", None)  # nothing public tells before Python 3.14
    for process in list((found or {}).values()):
        process.kill()
    executor.shutdown(wait=found is not None, cancel_futures=True)

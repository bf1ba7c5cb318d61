"""What asyncio's modules hold while a run is on, and what they held before."""

from __future__ import annotations

import asyncio
import inspect
import sys
import warnings
from asyncio import events, runners, taskgroups, tasks
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.asyncio_loop.tasks import OrderedSet
from raceexplore.kernel.fence.outside import outside

if TYPE_CHECKING:
    from collections.abc import Iterator

# the guard may be in place by now
REAL = inspect.unwrap(asyncio.get_running_loop), inspect.unwrap(asyncio.run)
MISSING: Any = object()


@contextmanager
def as_in_a_run(run: Any) -> Iterator[None]:
    """Within the block, asyncio's modules are those that the program of ``run`` sees.

    The guard keeps other runtimes' programs away from asyncio; here its functions are the real
    ones again. Sets of tasks are in the order of insertion, and what is said of a coroutine that
    nobody awaited goes to the run.
    """

    def all_tasks(loop: Any = None) -> OrderedSet:
        if loop is not None and loop is not run.loop:
            return OrderedSet()
        if loop is None:
            REAL[0]()  # raises if there is none
        return OrderedSet([actor.task for actor in run.actors.alive])

    threadsafe = _outside_of_jobs(run)
    patches: tuple[tuple[Any, str, Any], ...] = (
        (asyncio, "get_running_loop", REAL[0]),
        (events, "get_running_loop", REAL[0]),
        (asyncio, "run", REAL[1]),
        (runners, "run", REAL[1]),
        (asyncio, "all_tasks", all_tasks),
        (tasks, "all_tasks", all_tasks),
        (asyncio, "run_coroutine_threadsafe", threadsafe),
        (tasks, "run_coroutine_threadsafe", threadsafe),
        (tasks, "set", OrderedSet),
        (taskgroups, "set", OrderedSet),
        (warnings, "_warn_unawaited_coroutine", run.never_awaited),
    )
    undo = [(owner, name, owner.__dict__.get(name, MISSING)) for owner, name, _ in patches]
    for owner, name, value in patches:
        setattr(owner, name, value)
    uvloop: Any = sys.modules.get("uvloop")
    if uvloop is not None:
        undo.append((uvloop, "install", uvloop.install))
        uvloop.install = run.pass_over_uvloop
    try:
        yield
    finally:
        for owner, name, value in undo:
            if value is MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, value)


def _outside_of_jobs(run: Any) -> Any:
    """Return asyncio's ``run_coroutine_threadsafe``, which a thread's job may not call.

    The job would wait for the loop, which waits for the job: it runs inline.
    """
    real = tasks.run_coroutine_threadsafe

    def run_coroutine_threadsafe(coroutine: Any, loop: Any) -> Any:
        if events._get_running_loop() is not None:
            return real(coroutine, loop)
        coroutine.close()
        error = outside("asyncio.run_coroutine_threadsafe()", "threadsafe")
        run.abort(error)
        raise error

    return run_coroutine_threadsafe

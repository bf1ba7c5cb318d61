"""What asyncio's modules hold while a run is on, and what they held before."""

from __future__ import annotations

import asyncio
import inspect
import sys
import warnings
from asyncio import events, runners, taskgroups, tasks
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from math import inf
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.asyncio_loop.actors import THREAD
from raceexplore.kernel.asyncio_loop.deliveries import BACKEND
from raceexplore.kernel.asyncio_loop.tasks import OrderedSet
from raceexplore.kernel.fence import guard
from raceexplore.kernel.fence.guard import importing
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
    if (anyio := _anyio()) is not None:
        patches += ((anyio, "all_tasks", all_tasks), *_patches_of_anyio(anyio, run))
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


def _anyio() -> Any:
    """Return what anyio has for asyncio, which it loads at its first use; None without anyio."""
    if "anyio" not in sys.modules:
        return None
    if BACKEND not in sys.modules:
        with importing():
            variables = vars(import_module(BACKEND))
        for name, value in tuple(variables.items()):  # what it has taken from a guarded asyncio
            if getattr(value, "__module__", None) == guard.__name__:
                variables[name] = inspect.unwrap(value)
    return sys.modules[BACKEND]


def _patches_of_anyio(anyio: Any, run: Any) -> tuple[tuple[Any, str, Any], ...]:
    """Return what anyio has in a run: sets with an order, and threads' jobs that are events."""
    return (
        (anyio, "set", OrderedSet),
        (anyio, "WorkerThread", InlineWorker),
        (anyio, "find_root_task", lambda: run.actors.main.task),
        (anyio.AsyncIOBackend, "run_sync_from_thread", _from_jobs(run)),
    )


def _from_jobs(run: Any) -> Any:
    """Return anyio's ``from_thread.run_sync``, which calls its function in the job's own event."""

    def run_sync_from_thread(func: Any, args: Any, token: object = None) -> Any:
        before = events._get_running_loop()
        events._set_running_loop(run.loop)
        try:
            return func(*args)
        finally:
            events._set_running_loop(before)

    return staticmethod(run_sync_from_thread)


class InlineWorker:
    """A worker thread of anyio's: each job that it gets is an event of the run."""

    MAX_IDLE_TIME = 10
    idle_since = inf  # nobody need stop it

    def __init__(self, root_task: Any, workers: Any, idle_workers: Any) -> None:
        self.root_task, self.idle_workers, self.queue = root_task, idle_workers, self

    def start(self) -> None:
        """There is no thread."""

    def stop(self, task: Any = None) -> None:
        """There is no thread."""

    def put_nowait(self, item: tuple[Any, ...]) -> None:
        """Take a job: its context, function, arguments, future and cancel scope."""
        context, function, args, future, scope = item
        loop: Any = events.get_running_loop()
        job = partial(_do_job, loop, scope)
        call = partial(context.run, function, *args)
        loop._post(THREAD, job, (future, call, ()), None).code = function
        self.idle_workers.append(self)


def _do_job(loop: Any, scope: Any, future: Any, call: Any, args: tuple[Any, ...]) -> None:
    """Do a job, which may ask anyio whether its caller, in ``scope``, has been cancelled."""
    anyio: Any = sys.modules[BACKEND]
    with anyio.claim_worker_thread(anyio.AsyncIOBackend, loop):
        anyio.threadlocals.current_cancel_scope = scope
        try:
            loop.host.job(future, call, args)
        finally:
            del anyio.threadlocals.current_cancel_scope

"""How a run of an asyncio program ends: as `asyncio.run` ends it, or cut short."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from math import inf
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.events.trace import Site
from raceexplore.kernel.names import TaskInfo
from raceexplore.kernel.scheduler import Replay
from raceexplore.kernel.standing.walk import callers, is_installed, is_user_file

if TYPE_CHECKING:
    from raceexplore.kernel.asyncio_loop.drive import Drive

UNWIND_STEPS = 10_000


def close_down(run: Drive) -> None:
    """Do what `asyncio.run` does after the main task: cancel the tasks that are left."""
    actors = run.actors
    tasks = [actor.task for actor in actors.alive]
    run.left_behind([actor for actor in actors.alive if actor not in run.servants])
    if tasks or run.loop.has_generators:
        run.turns_left, run.ending, run.outcome = inf, False, run.main_outcome()
        closer = run.loop.create_task(_close(run.loop, tasks), name="asyncio.run").actor
        actors.main = closer
        actors.name(closer, TaskInfo(None, "asyncio.run", closer.number))
        actors.fresh.clear()
        run.drive_to_the_limit()


async def _close(loop: Any, tasks: list[Any]) -> None:
    """Cancel ``tasks`` and wait for them, then close the async generators, as `asyncio.run`."""
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in tasks:
        if not task.cancelled() and task.exception() is not None:
            loop.call_exception_handler(
                {
                    "message": "unhandled exception during asyncio.run() shutdown",
                    "exception": task.exception(),
                    "task": task,
                }
            )
    await loop.shutdown_asyncgens()


def unretrieved(run: Drive) -> list[Any]:
    """Return the tasks that are still there, and whose exceptions nobody has looked at."""
    tasks = [reference() for reference in run.failed]
    return [task for task in tasks if task is not None and task._log_traceback]


def unwind(run: Drive) -> None:
    """Cancel whatever is still alive and let it end, on the default schedule; drop the rest."""
    verdict, alive = run.verdict, run.actors.alive
    run.decisions.scheduler, run.after, run.unwinding = Replay(), None, True
    run.chores.clear()
    run.turns_left, run.loop._stopping, run.ending = inf, False, False
    with suppress(BaseException):  # the verdict stands; this is only cleaning up
        if alive:
            for actor in list(alive):
                actor.task.cancel()
            run.drive(UNWIND_STEPS)
    for actor in list(alive):
        with suppress(BaseException):
            actor.task._log_destroy_pending = False
            actor.coro.close()
    run.verdict = verdict


def user_call() -> Site | None:
    """Return the line of the project that calls, if no library is between it and asyncio."""
    found = (f for f in callers(sys._getframe(2)) if is_user_file(f.f_code.co_filename))
    frame = next(found, None)
    if frame is None or is_installed(frame.f_code.co_filename):
        return None
    return Site(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_qualname)

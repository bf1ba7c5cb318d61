"""One run of an asyncio program, as the kernel wants to be shown it: see `RunLoop`."""

from __future__ import annotations

import sys
from asyncio import CancelledError
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.asyncio_loop.actors import Actor, Complaints
from raceexplore.kernel.asyncio_loop.findings import faults
from raceexplore.kernel.asyncio_loop.findings.waits import waits
from raceexplore.kernel.asyncio_loop.noting import NotedDrive
from raceexplore.kernel.asyncio_loop.world import AsyncioRuntime
from raceexplore.kernel.fence.watchdog import place
from raceexplore.kernel.standing.moment import Moment
from raceexplore.kernel.standing.walk import site_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from raceexplore.kernel.events.record import Recorder
    from raceexplore.kernel.program import Limits, Settings
    from raceexplore.kernel.runtimes.run_loop import Watcher
    from raceexplore.kernel.scheduler import Scheduler
    from raceexplore.kernel.standing.waits import Wait


class AsyncioRun(NotedDrive):
    """The run loop of an asyncio program."""

    interruption: type[BaseException] = CancelledError
    blocked = 1  # not counted here: no bound is claimed that holds where nobody waits
    lasting: frozenset[str] = frozenset()

    watcher: Watcher | None = None

    @property
    def ended(self) -> bool:
        """Whether the main task has ended."""
        return self.main_outcome() is not None

    @property
    def error(self) -> BaseException | None:
        """What the main task has raised."""
        return getattr(self.main_outcome(), "error", None)

    def attach(self, watcher: Watcher) -> None:
        """Tell ``watcher`` what happens beside the events."""
        self.watcher, self.stopped = watcher, watcher.stopped

    def look_for_swallowed(self, actor: Actor, task: Any) -> None:
        """Tell of a task that the program has cancelled and that ends as if it had not been."""
        if actor.cancelled_by is None or self.unwinding or not task.cancelling():
            return
        if self.watcher is not None:
            said = "its CancelledError was neither raised again nor taken back by uncancel()"
            self.watcher.swallowed(self.infos[actor].path, actor.cancelled_by, said)

    def left_behind(self, actors: list[Actor]) -> None:
        """Complain of tasks that are not done when the program has ended."""
        if actors and self.watcher is not None:
            self.watcher.complain(faults.left(waits(self.infos, actors)), at_once=False)

    def note_error(self, context: dict[str, Any]) -> bool:
        """Hand over what asyncio would log; True if somebody wants it."""
        if self.unwinding:
            return True
        if self.watcher is None:
            return False
        self.touch(Complaints)
        task = context.get("task") or context.get("future")
        actor = getattr(task, "actor", None)
        failure = faults.logged(actor.info.path if actor is not None else "", context)
        self.watcher.complain(failure, at_once=failure.kind == faults.CALLBACK_ERROR)
        return True

    def never_awaited(self, coroutine: Any) -> None:
        """Complain of a coroutine that was made, not awaited, and is gone."""
        if not self.unwinding and self.watcher is not None:
            self.touch(Complaints)
            site = place(sys._getframe(1))
            self.watcher.complain(faults.never_awaited(coroutine, site), at_once=False)

    def pass_over_uvloop(self) -> None:
        """Do nothing: a run has its own loop."""
        if self.watcher is not None:
            self.watcher.warn("uvloop.install() is passed over: a run has a loop of its own")

    def note_order(self, recorder: Recorder, task: Any) -> None:
        """Tell whether asyncio's own loop would have chosen ``task``."""
        recorder.passes = self.own_order

    def waits(self, alive: list[Any]) -> list[Wait]:
        """Return what the program's tasks among ``alive`` wait for."""
        return waits(self.infos, [actor for actor in alive if type(actor) is Actor])

    def runtime(
        self, failed: Callable[[BaseException], object], recorder: Recorder | None
    ) -> AsyncioRuntime:
        """Return what the world lends of asyncio."""
        return AsyncioRuntime(self, failed, recorder)

    def check(self, name: str) -> None:
        """Do nothing: what is no program has been found out before it ran."""

    def scopes_of(self, task: Any) -> list[Any]:
        """Return what can cancel ``task``: asyncio cancels tasks, and not blocks of code."""
        return [task.scope] if type(task) is Actor else []

    def victim(self, task: Any) -> object | None:
        """Return the task of asyncio's, unless it is the main one, has not begun or has ended."""
        if type(task) is not Actor or task is self.actors.main or not task.steps:
            return None
        found = task.task
        return None if found is None or found.done() or found.cancelling() else found

    def strike(self, task: Any, victim: Any) -> None:
        """Cancel ``victim``, and remember where it waited: whether it swallows that can be seen."""
        task.cancelled_by = task.cancelled_by or site_of(task.coro)
        self.chosen = True
        victim.cancel()
        self.chosen = False

    def cancelled_of(self, scopes: Iterable[Any]) -> list[Any]:
        """Return none: each call of `Task.cancel` is noted as it happens."""
        return []

    @property
    def runner(self) -> AsyncioRun:
        """Where a `Moment` looks."""
        return self

    @property
    def tasks(self) -> dict[Actor, None]:
        """The tasks that have not ended."""
        return self.actors.alive


def asyncio_run(
    scheduler: Scheduler,
    settings: Settings,
    limits: Limits,
    before: Callable[[Moment], object] | None,
) -> AsyncioRun:
    """Return the run loop of an asyncio program."""
    run = AsyncioRun(scheduler, settings=settings, limits=limits)
    if before is not None:
        look = before
        run.before = lambda actor: look(Moment(run, actor))
    return run


__all__ = ["AsyncioRun", "asyncio_run"]

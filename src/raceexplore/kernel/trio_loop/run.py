"""One run of a trio program, as the kernel wants to be shown it: see `RunLoop`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import trio

from raceexplore.kernel.errors import BadProgram
from raceexplore.kernel.fence.outside import outside
from raceexplore.kernel.standing.moment import Lookout
from raceexplore.kernel.standing.waits import waits
from raceexplore.kernel.standing.walk import site_of
from raceexplore.kernel.trio_loop.cancellations import (
    cancellable,
    cancelled_of,
    is_a_sleepers,
    scopes_of,
)
from raceexplore.kernel.trio_loop.compat import check_trio
from raceexplore.kernel.trio_loop.loop import Loop
from raceexplore.kernel.trio_loop.runtime import TrioRuntime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from raceexplore.kernel.events.record import Recorder
    from raceexplore.kernel.names import TaskInfo
    from raceexplore.kernel.program import Limits, Settings
    from raceexplore.kernel.runtimes.run_loop import Watcher
    from raceexplore.kernel.scheduler import Scheduler
    from raceexplore.kernel.standing.moment import Moment
    from raceexplore.kernel.standing.waits import Wait


class TrioRun(Loop):
    """The run loop of a trio program."""

    interruption: type[BaseException] = trio.Cancelled
    cancelled_of = staticmethod(cancelled_of)
    scopes_of = staticmethod(scopes_of)

    @property
    def infos(self) -> dict[Any, TaskInfo]:
        """The names of the tasks."""
        return self.runner.infos

    @property
    def names(self) -> dict[int, TaskInfo]:
        """The same by number."""
        return self.runner.names

    @property
    def ended(self) -> bool:
        """Whether the main task has ended."""
        return self.runner.main_task_outcome is not None

    @property
    def error(self) -> BaseException | None:
        """What the main task has raised."""
        return getattr(self.runner.main_task_outcome, "error", None)

    def attach(self, watcher: Watcher) -> None:
        """Tell ``watcher`` what happens in the run that is no task's return value."""
        self.stopped = watcher.stopped

        def foreign(message: object) -> None:
            if message is None or hasattr(message, "_asyncio_future_blocking"):
                task: Any = self.last
                self.abort(outside("asyncio", "asyncio", f" at {site_of(task.coro)}"))

        def swallowed(task: Any, site: Any) -> None:
            watcher.swallowed(self.infos[task].path, site, "its Cancelled came to no cancel scope")

        self.foreign, self.swallowed = foreign, swallowed

    def record(self, recorder: Recorder, after: Callable[[Any, Sequence[Any]], None]) -> None:
        """Have ``recorder`` told of all that happens."""
        self.events, self.fired, self.after = recorder.events, recorder.clock_fired, after

    def note_order(self, recorder: Recorder, task: Any) -> None:
        """Tell whether trio's own loop could have chosen ``task``."""
        if recorder.passes:
            recorder.follow_pass(task, self.alive)

    def pending(self) -> Iterable[float]:
        """Return the deadlines of time-outs; those of sleepers are none."""
        return [due for due, _, scope in self.deadlines.pending() if not is_a_sleepers(scope)]

    def jump(self, seconds: float) -> None:
        """Let virtual time pass without a schedule point."""
        self.clock.jump_to(self.clock.current_time() + seconds)
        self.soon.chores.append((self.deadlines.expire, (self.clock.current_time(),)))

    def victim(self, task: Any) -> object | None:
        """Return the innermost scope that is not trio's own, and may be cancelled, or None."""
        scope: object | None = cancellable(task, self.runner.system_nursery)
        return scope

    def strike(self, task: Any, victim: Any) -> None:
        """Cancel the scope ``victim``."""
        victim.cancel()

    def waits(self, alive: list[Any]) -> list[Wait]:
        """Return what the program's tasks among ``alive`` wait for."""
        infos = self.infos
        return waits(infos, [task for task in alive if infos[task].serial])

    def runtime(
        self, failed: Callable[[BaseException], object], recorder: Recorder | None
    ) -> TrioRuntime:
        """Return what the world lends of trio."""
        return TrioRuntime(self, failed, recorder)

    def check(self, name: str) -> None:
        """Raise `BadProgram` if calling the program gave no coroutine."""
        error = self.error
        if type(error) is TypeError and not self.steps and _is_of_trio(error):
            raise BadProgram(f"{name} is no async function: calling it gave no coroutine")


def trio_run(
    scheduler: Scheduler,
    settings: Settings,
    limits: Limits,
    before: Callable[[Moment], object] | None,
) -> TrioRun:
    """Return the run loop of a trio program."""
    check_trio()
    lookout = Lookout(before)
    loop = TrioRun(scheduler, settings=settings, limits=limits, instruments=lookout.listeners())
    lookout.loop = loop
    return loop


def _is_of_trio(error: TypeError) -> bool:
    """Return whether it is trio's word for a function that gave no coroutine."""
    innermost = error.__traceback__
    while innermost is not None and innermost.tb_next is not None:
        innermost = innermost.tb_next
    name = "" if innermost is None else innermost.tb_frame.f_code.co_name
    return name == "coroutine_or_error"

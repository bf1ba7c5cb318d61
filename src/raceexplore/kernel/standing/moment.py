"""A moment: a run just before an event, for whoever wants to look around in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from raceexplore.kernel.events.trace import Event
    from raceexplore.kernel.names import TaskInfo


class Standing(NamedTuple):
    """Where a task is. state: ``ready``, ``waiting``, or ``ended``."""

    path: str
    state: str
    coroutine: Any


class Moment:
    """A run just before the event ``number`` of the task ``path``.

    coroutine: that task's, still suspended; a task that is new stands before its first line.
    events: those so far, a live view. now_s: the virtual time.
    """

    def __init__(self, loop: Any, task: Any) -> None:
        self._loop, self._task = loop, task
        self.events: Sequence[Event] = loop.events_so_far()
        self.number = len(self.events)
        self.path: str = loop.runner.infos[task].path
        self.coroutine: Any = task.coro
        self.now_s: float = loop.clock.current_time()

    def tasks(self) -> list[Standing]:
        """Return where every task is that was ever spawned, in the order of spawning."""
        infos: dict[Any, TaskInfo] = self._loop.runner.infos
        ready = self._loop.alive(self._task)
        found = []
        for task, info in infos.items():
            if info.serial > 0:
                ended = "waiting" if task in self._loop.runner.tasks else "ended"
                found.append(Standing(info.path, "ready" if task in ready else ended, task.coro))
        return found


class Lookout:
    """One of trio's instruments: calls ``before`` with the moment before each event."""

    def __init__(self, before: Callable[[Moment], object] | None) -> None:
        self._before = before
        self.loop: Any = None

    def listeners(self) -> list[Lookout]:
        """Return the lookout, if there is anything to call: a run without one pays nothing."""
        return [] if self._before is None else [self]

    def before_task_step(self, task: Any) -> None:
        """Tell of the event that ``task`` is about to do, unless the run is being wound up."""
        if self.loop.runner.infos[task].serial and not self.loop.unwinding:
            assert self._before is not None
            self._before(Moment(self.loop, task))

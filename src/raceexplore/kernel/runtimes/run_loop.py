"""What the kernel needs of a runtime to run, record and judge a program: nothing else of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from raceexplore.kernel.decisions import Decisions
    from raceexplore.kernel.events.record import Recorder
    from raceexplore.kernel.events.trace import Site
    from raceexplore.kernel.fence.clock import VirtualClock
    from raceexplore.kernel.names import TaskInfo
    from raceexplore.kernel.outcome import Failure
    from raceexplore.kernel.program import Settings
    from raceexplore.kernel.runtime import Runtime
    from raceexplore.kernel.standing.waits import Wait


class Watcher(Protocol):
    """Whom a run loop tells what happens beside the events."""

    def stopped(self, alive: list[Any]) -> None:
        """Look at the tasks that are alive as the run is about to be wound up."""
        ...

    def swallowed(self, path: str, site: Site, said: str) -> None:
        """Note that ``path`` was cancelled at ``site``, and ended as if it had not been.

        said: what became of its cancellation, in the runtime's words.
        """
        ...

    def complain(self, failure: Failure, *, at_once: bool) -> None:
        """Note what the runtime would only have logged; it is a failure unless it is allowed."""
        ...

    def warn(self, text: str) -> None:
        """Note something that the reader should know once."""
        ...


class Running(Protocol):
    """Tasks, time and the end of a run: what can be asked of its loop while it goes on.

    infos: the names of the tasks, by task; names: by number. verdict: why the loop stopped before
    the program did. unwinding: what is left is being cancelled. ended_by: the type of the exception
    that ended a task in the last event, and raised: that exception. endings: the errors that ended
    tasks, in the order of time. after: called after each event, with those that it has woken.
    interruption: what is raised at an await that is cancelled.
    """

    settings: Settings
    clock: VirtualClock
    decisions: Decisions
    verdict: str | BaseException
    unwinding: bool
    ended_by: str
    raised: BaseException | None
    endings: list[BaseException]
    last: Any
    interruption: type[BaseException]
    after: Callable[[Any, Sequence[Any]], None] | None

    def abort(self, verdict: str | BaseException) -> None:
        """End the run before its next event, because of ``verdict``; the first one counts."""
        ...

    def bury(self) -> None:
        """End the run without the event that is about to begin, and wind nothing up."""
        ...

    def last_actor(self) -> tuple[str, int]:
        """Return the path of the task that ran last and how many events it has done."""
        ...

    def pending(self) -> Iterable[float]:
        """Return the times at which time-outs strike; any order."""
        ...

    def jump(self, seconds: float) -> None:
        """Let virtual time pass without a schedule point."""
        ...

    def follow(self, after: Callable[[Any, Sequence[Any]], None]) -> None:
        """Call ``after`` after the present event, and every one from now on."""
        ...


class Recorded(Protocol):
    """What the recorder asks a run loop for, once an event has ended."""

    def deed(self, task: Any) -> tuple[int, bool, Any]:
        """Return the number of the event in its task, whether that can go on, and its scope."""
        ...

    def scopes_of(self, task: Any) -> list[Any]:
        """Return what can cancel ``task``, innermost first."""
        ...

    def cancelled_of(self, scopes: Iterable[Any]) -> list[Any]:
        """Return those of ``scopes`` that have been cancelled."""
        ...

    def note_order(self, recorder: Recorder, task: Any) -> None:
        """Tell whether the runtime's own loop could have chosen ``task``."""
        ...


class Judged(Protocol):
    """What is asked of a run loop once the run has ended.

    ended: whether the main task has. error: what it raised. steps: events of tasks. blocked: how
    often a task had to wait, but for the main task that waits for its nursery. lasting: the paths
    of the tasks that would go on for ever as they do, if the verdict is ``endless``.
    """

    steps: int
    ended_s: float
    blocked: int
    lasting: frozenset[str]

    @property
    def infos(self) -> Mapping[Any, TaskInfo]:
        """The names of the tasks."""
        ...

    @property
    def names(self) -> Mapping[int, TaskInfo]:
        """The same by number."""
        ...

    @property
    def ended(self) -> bool:
        """Whether the main task has ended."""
        ...

    @property
    def error(self) -> BaseException | None:
        """What the main task has raised."""
        ...

    def victim(self, task: Any) -> object | None:
        """Return what to cancel so that the await of ``task`` is; None if nothing may be."""
        ...

    def strike(self, task: Any, victim: Any) -> None:
        """Cancel ``victim``, at the await at which ``task`` has stopped."""
        ...

    def waits(self, alive: list[Any]) -> list[Wait]:
        """Return what the program's tasks among ``alive`` wait for."""
        ...

    def check(self, name: str) -> None:
        """Raise `BadProgram` if the program called ``name`` is none."""
        ...

    def let_go(self) -> None:
        """Cut the ended run's objects loose from one another, so that they are freed at once."""
        ...


class RunLoop(Running, Recorded, Judged, Protocol):
    """One run of a program on its runtime: ``trio_run.py`` and ``asyncio_loop/`` have one each."""

    def attach(self, watcher: Watcher) -> None:
        """Tell ``watcher`` what happens beside the events."""
        ...

    def record(self, recorder: Recorder, after: Callable[[Any, Sequence[Any]], None]) -> None:
        """Have ``recorder`` told of all that happens."""
        ...

    def runtime(
        self, failed: Callable[[BaseException], object], recorder: Recorder | None
    ) -> Runtime:
        """Return what the world lends of the runtime."""
        ...

    def run(self, program: Callable[..., Any], args: Sequence[Any] = ()) -> None:
        """Run ``program`` until it ends or the verdict is reached; then wind up what is left."""
        ...

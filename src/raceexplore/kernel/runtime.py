"""What the world asks of an async runtime: to pause, to park and wake a task, to start one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from types import TracebackType
    from typing import Any, Self


class Waiter(Protocol):
    """One wait of one task, for one wake.

    what: what is waited for, in words. holders: returns the paths of the tasks that could end the
    wait. Both are for the report of a deadlock.
    """

    what: str
    holders: Callable[[], tuple[str, ...]]

    async def wait(self) -> object:
        """Wait until `wake`, and return what it was given; at once if it has come already."""
        ...

    def wake(self, value: object = None) -> bool:
        """Let the task go on; False if it is not waiting any more: woken or cancelled."""
        ...


class Timeout(Protocol):
    """A block of code that is left once its time is up: ``async with world.timeout(s) as t``.

    expired: the time was up, and the block was left for it.
    """

    expired: bool

    async def __aenter__(self) -> Self:
        """Start the clock; no schedule point."""
        ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        """Swallow the cancellation that came from the clock; no schedule point."""
        ...


class Spawned(Protocol):
    """A task that the world has started."""

    @property
    def done(self) -> bool:
        """Whether it has ended, or was killed; who looks is ordered with its end."""
        ...

    def cancel(self) -> None:
        """Cancel the task: it unwinds, and runs what it has to clean up."""
        ...

    def kill(self) -> None:
        """Make the task vanish, and all that it has started: a crash runs no ``finally``.

        What runs now gets as far as its next await. Whatever else the task held stays as it is.
        """
        ...


class Pauses(Protocol):
    """How a task lets others run."""

    async def checkpoint(self) -> None:
        """Pass a schedule point."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let virtual time pass."""
        ...

    def timeout(self, seconds: float) -> Timeout:
        """Return a block of code that is left after ``seconds``."""
        ...


class Tasks(Protocol):
    """How tasks are started, parked and left behind."""

    def waiter(self, left: Callable[[Any], object]) -> Waiter:
        """Return a wait for the current task; ``left(waiter)`` is called if it is cancelled."""
        ...

    def spawn(
        self, function: Callable[..., Coroutine[Any, Any, object]], args: tuple[Any, ...], name: str
    ) -> Spawned:
        """Start a task that does not outlive the program; what it raises fails the run."""
        ...

    def at_kill(self, callback: Callable[[], object]) -> None:
        """Call ``callback`` when the current task is killed, if it can be."""
        ...

    def close(self) -> None:
        """Let go of the run, which has ended: killed tasks may be freed now."""
        ...


class Runtime(Pauses, Tasks, Protocol):
    """One run's async runtime; ``kernel/trio_loop/runtime.py`` is the one for trio."""

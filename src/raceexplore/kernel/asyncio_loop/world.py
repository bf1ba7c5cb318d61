"""The world's runtime where the program is asyncio's."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self

from raceexplore.kernel.errors import BadOption
from raceexplore.kernel.lot import nobody

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from types import TracebackType

    from raceexplore.kernel.events.record import Recorder


async def checkpoint() -> None:
    """Pass a schedule point."""
    await asyncio.sleep(0)


class AsyncioWaiter:
    """One wait of one task."""

    __slots__ = ("_future", "_left", "holders", "what")

    def __init__(self, left: Callable[[Any], object]) -> None:
        self._left = left
        self._future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self.what = ""
        self.holders: Callable[[], tuple[str, ...]] = nobody

    async def wait(self) -> object:
        """Wait until `wake`, and return what it was given; at once if it has come already."""
        if not self._future.done():
            self._future.add_done_callback(self._ended)
        return await self._future

    def wake(self, value: object = None) -> bool:
        """Let the task go on; False if it is not waiting any more: woken or cancelled."""
        if self._future.done():
            return False
        self._future.remove_done_callback(self._ended)
        self._future.set_result(value)
        return True

    def _ended(self, future: asyncio.Future[object]) -> None:
        if future.cancelled():
            self._left(self)


class AsyncioTimeout:
    """``asyncio.timeout`` as a block that is left quietly."""

    __slots__ = ("_block", "_seconds", "expired")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._block: Any = None
        self.expired = False

    async def __aenter__(self) -> Self:
        self._block = asyncio.timeout(self._seconds)
        await self._block.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        try:
            await self._block.__aexit__(kind, error, traceback)
        except TimeoutError:
            self.expired = True
            return True
        return False


class AsyncioSpawned:
    """A task that ends with the program at the latest."""

    __slots__ = ("_run", "at_kill", "ended", "task")

    def __init__(self, run: Any) -> None:
        self._run = run
        self.task: Any = None
        self.ended = False
        self.at_kill: list[Callable[[], object]] = []

    @property
    def done(self) -> bool:
        """Whether it has ended; who looks might have come before."""
        self._run.look(self.task)
        return self.ended

    def cancel(self) -> None:
        """Cancel the task: it unwinds, and runs what it has to clean up."""
        if not self.done:
            self.task.cancel()

    def kill(self) -> None:
        """Refuse: under asyncio no task can be made to vanish yet. Raises `BadOption`."""
        raise BadOption("crashes are not simulated under asyncio yet; run the program on trio")


class AsyncioRuntime:
    """Pauses, waits and tasks of one run.

    run: the run loop. failed: called with what a spawned task raises. recorder: follows the run.
    """

    def __init__(
        self, run: Any, failed: Callable[[BaseException], object], recorder: Recorder | None
    ) -> None:
        self._run, self._failed, self._recorder = run, failed, recorder
        self._handles: dict[Any, AsyncioSpawned] = {}
        self.checkpoint = checkpoint
        self.sleep = asyncio.sleep
        self.timeout = AsyncioTimeout
        self.waiter = AsyncioWaiter

    def spawn(
        self, function: Callable[..., Coroutine[Any, Any, object]], args: tuple[Any, ...], name: str
    ) -> AsyncioSpawned:
        """Start a task that does not outlive the program; what it raises fails the run."""
        handle = AsyncioSpawned(self._run)
        coroutine = self._guard(handle, function, *args)
        handle.task = self._run.loop.create_task(coroutine, name=name)
        self._run.servants[handle.task.actor] = None
        self._handles[handle.task] = handle
        if self._recorder is not None:
            self._recorder.starts(handle.task.actor, function)
        return handle

    async def _guard(
        self,
        handle: AsyncioSpawned,
        function: Callable[..., Coroutine[Any, Any, object]],
        *args: Any,
    ) -> None:
        try:
            await function(*args)
        except Exception as error:  # noqa: BLE001 it is the program's, and becomes the failure
            self._failed(error)
        finally:
            handle.ended = True

    def at_kill(self, callback: Callable[[], object]) -> None:
        """Call ``callback`` when the current task is killed, if it can be."""
        handle = self._handles.get(asyncio.current_task())
        if handle is not None:
            handle.at_kill.append(callback)

    def close(self) -> None:
        """Let go of the run, which has ended: killed tasks may be freed now."""
        self._handles.clear()
        del self._run, self._failed

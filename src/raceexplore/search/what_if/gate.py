"""A gate: what holds other tasks back while one is in a span of code that is made atomic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import trio

from raceexplore.kernel.fence.serving import state

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from raceexplore.kernel.choice import ChoicePoint
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.scheduler import Scheduler


class Gate:
    """One critical section, around one span of code or around several.

    A task that is inside goes on before all others. While it waits, for time or for another task,
    the others go on, but none enters: that is what a lock around the span gives, if all that
    touches the same things takes it too. A task may enter again what it is in already.
    splits: for each task, how many of its events ended here and not at an await of its own.
    given_up: a task was cancelled while it waited to get in.
    """

    def __init__(self) -> None:
        self.begin(yields=False)

    def begin(self, *, yields: bool) -> None:
        """Get ready for the next run. yields: taking and releasing are schedule points too."""
        self.yields = yields
        self.inside = ""  # the path of the task that is in, and has gone on since it was let in
        self.splits: dict[str, int] = {}
        self.split = ""  # whose last event ended here
        self.given_up = False
        self._holder: Any = None
        self._depth = 0
        self._lot = trio.lowlevel.ParkingLot()

    async def __aenter__(self) -> None:
        task, path = trio.lowlevel.current_task(), _running()
        if self._holder is task:
            self._depth += 1
            return
        if self.yields:
            await self._away(path, trio.lowlevel.checkpoint)
        if self._holder is None:
            self._holder = task
        else:
            await self._park(path)  # whoever releases hands over
        self._depth, self.inside = 1, path

    async def __aexit__(self, kind: object, *_: object) -> None:
        self._depth -= 1
        if self._depth:
            return
        self.inside = ""
        woken = self._lot.unpark()
        self._holder = woken[0] if woken else None
        if self.yields and kind is None:
            await self._away(_running(), trio.lowlevel.cancel_shielded_checkpoint)

    async def _park(self, path: str) -> None:
        try:
            await self._away(path, self._lot.park)
        except trio.Cancelled:
            self.given_up = True
            raise

    async def _away(self, path: str, wait: Callable[[], Awaitable[object]]) -> None:
        self.splits[path] = self.splits.get(path, 0) + 1
        self.split = path
        await wait()
        self.split = ""


class Atomically:
    """A scheduler that lets the task inside ``gate`` go on, and else asks ``inner``."""

    def __init__(self, inner: Scheduler, gate: Gate, *, yields: bool = False) -> None:
        self.inner, self.gate, self.yields = inner, gate, yields

    def begin(self) -> bool:
        """Get ready for the next run."""
        self.gate.begin(yields=self.yields)
        return self.inner.begin()

    def choose(self, point: ChoicePoint) -> int:
        """Return the task inside, if it can go on."""
        inside = self.gate.inside
        if inside and point.kind == "task":
            for index, task in enumerate(point.tasks):
                if task.path == inside:
                    return index
        return self.inner.choose(point)

    def end(self, run: Run) -> None:
        """Tell ``inner``."""
        self.inner.end(run)


def _running() -> str:
    run: Any = state.run
    return "" if run is None else str(run.loop.last_actor()[0])

"""A parking lot: tasks wait in it until somebody wakes them, one, some or all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from raceexplore.kernel.events.footprint import QUEUE
from raceexplore.kernel.events.trace import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from raceexplore.kernel.runtime import Waiter

PLACE = ".ParkingLot"


def nobody() -> tuple[str, ...]:
    """Return the holders of what nobody holds."""
    return ()


Option = TypeVar("Option")


class Waking(Protocol):
    """The world, as far as a lot needs it."""

    def waiter(self, left: Callable[[Waiter], object]) -> Waiter:
        """Return a wait of the current task."""

    def pick(self, label: str, options: Sequence[Option]) -> Option:
        """Return one of ``options``; the first is neutral."""

    def used(self, name: str, key: object = ..., *, write: bool, kind: Kind = Kind.DATA) -> None:
        """Note that the current event uses what is named so."""


class Lot:
    """Tasks that wait for a wake, in the order in which they came.

    name: says in traces and reports what is waited for. A cancelled task leaves the lot at once,
    so that no wake is lost on it. Parking and waking tell that they touch the lot.
    """

    __slots__ = ("_waiters", "_world", "name")

    def __init__(self, world: Waking, name: str) -> None:
        self._world, self.name = world, name
        self._waiters: dict[Waiter, None] = {}

    @property
    def waiters(self) -> tuple[Waiter, ...]:
        """The waits in the lot, the longest first."""
        return tuple(self._waiters)

    def __len__(self) -> int:
        return len(self._waiters)

    async def park(
        self, what: str = "", *, holders: Callable[[], tuple[str, ...]] = nobody
    ) -> object:
        """Wait in the lot; return the value that the wake brings.

        what: what the task waits for, in a report of a deadlock; the lot's name if empty. holders:
        returns the paths of the tasks that could end the wait.
        """
        waiter = self._world.waiter(self._leave)
        waiter.what, waiter.holders = what or self.name, holders
        self._touch()
        self._waiters[waiter] = None
        return await waiter.wait()

    def wake(
        self, count: int = 1, value: object = None, *, order: Literal["first", "any"] = "first"
    ) -> int:
        """Wake ``count`` tasks and return how many there were.

        order: ``first`` (who waits longest) or ``any`` (the explorer chooses each).
        """
        self._touch()
        woken = 0
        while self._waiters and woken < count:
            label = f"{self.name} wakes"
            waiting = list(self._waiters)
            waiter = waiting[0] if order == "first" else self._world.pick(label, waiting)
            woken += self.wake_one(waiter, value)
        return woken

    def wake_one(self, waiter: Waiter, value: object = None) -> bool:
        """Wake the task of ``waiter``; False if it is not in the lot any more."""
        self._touch()
        if waiter not in self._waiters:
            return False
        del self._waiters[waiter]
        return waiter.wake(value)

    def _leave(self, waiter: Waiter) -> None:
        self._waiters.pop(waiter, None)

    def _touch(self) -> None:
        self._world.used(self.name + PLACE, QUEUE, write=True, kind=Kind.LOT)

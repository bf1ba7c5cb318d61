"""Copies of a user, who do one request after the other: a closed loop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from raceexplore.kernel.world import World


class Copies:
    """So many users at once as `keep` says.

    next_one: does the next request of a copy. A copy that is not wanted any more ends its request
    first, so there may be more of them for that long.
    """

    def __init__(self, world: World, name: str, next_one: Callable[[int], Awaitable[None]]) -> None:
        self._world = world
        self._name = name
        self._next_one = next_one
        self._going: dict[int, None] = {}
        self._left: int | None = None
        self._empty = world.lot(f"the users of {name} to end")
        self.wanted = 0

    def keep(self, count: int, *, most: int | None = None) -> None:
        """Have ``count`` copies from now on; ``most``: for so many requests in all."""
        self._world.used(self._name, ".copies", write=True)
        self.wanted, self._left = count, most
        for number in range(count):
            if number not in self._going:
                self._going[number] = None
                self._world.spawn(self._loop, number, name=f"{self._name} user {number}")

    async def ended(self) -> None:
        """Wait until no copy goes on."""
        while self._going:
            await self._empty.park()

    async def _loop(self, number: int) -> None:
        try:
            while self._takes_turn(number):
                began_s = self._world.now()
                await self._next_one(number)
                if self._world.now() == began_s:
                    await self._world.checkpoint()  # who awaits nothing would keep all others out
        finally:
            del self._going[number]
            if not self._going:
                self._empty.wake()

    def _takes_turn(self, number: int) -> bool:
        self._world.used(self._name, ".copies", write=True)
        if number >= self.wanted or self._left == 0:
            return False
        if self._left is not None:
            self._left -= 1
        return True

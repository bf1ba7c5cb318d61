"""A user who is cancelled at any moment before having the connection gives back what it was handed.

It leaves the queue if it is still in it. If it has been told already, it hands the connection on to
the next one, or makes it idle.
"""

from __future__ import annotations

import trio

from raceexplore import World
from raceexplore.models.connection_pool.buggy import HandingPool
from raceexplore.models.connection_pool.pool import use


class OwningPool(HandingPool):
    """One connection, which always has an owner."""

    async def take(self) -> str:
        """Return a connection; wait for one."""
        if self.idle:
            return self.idle.pop()
        box: list[str] = []
        place = trio.Event(), box
        self.waiting.append(place)
        try:
            await place[0].wait()
            await trio.lowlevel.checkpoint()
        except trio.Cancelled:
            if place in self.waiting:
                self.waiting.remove(place)
            for connection in place[1]:
                with trio.CancelScope(shield=True):
                    await self.give_back(connection)
            raise
        return place[1].pop()


async def main(world: World) -> None:
    """Use a pool of one connection."""
    await use(world, OwningPool())

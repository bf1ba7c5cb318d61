"""A user who is cancelled while waiting leaves the queue, so that nothing is handed to it later.

That helps who gives up before being told. Who has been told is in the queue no more, and still
takes the connection away.
"""

from __future__ import annotations

import trio

from raceexplore import World
from raceexplore.models.connection_pool.buggy import HandingPool
from raceexplore.models.connection_pool.pool import use


class LeavingPool(HandingPool):
    """One connection, and those who still wait for it."""

    async def take(self) -> str:
        """Return a connection; wait for one."""
        if self.idle:
            return self.idle.pop()
        box: list[str] = []
        place = trio.Event(), box
        self.waiting.append(place)
        try:
            await place[0].wait()
        except trio.Cancelled:
            if place in self.waiting:
                self.waiting.remove(place)
            raise
        await trio.lowlevel.checkpoint()
        return place[1].pop()


async def main(world: World) -> None:
    """Use a pool of one connection."""
    await use(world, LeavingPool())

"""A pool hands a connection to who waits longest; who waits is told, and takes it.

A user who is cancelled between being told and taking it is gone. The connection is neither idle nor
in use any more.
"""

from __future__ import annotations

import trio

from raceexplore import World
from raceexplore.models.connection_pool.pool import use


class HandingPool:
    """One connection, and those who wait for it."""

    def __init__(self) -> None:
        self.idle: list[str] = []
        self.waiting: list[tuple[trio.Event, list[str]]] = []

    async def take(self) -> str:
        """Return a connection; wait for one."""
        if self.idle:
            return self.idle.pop()
        told = trio.Event()
        box: list[str] = []
        self.waiting.append((told, box))
        await told.wait()
        await trio.lowlevel.checkpoint()  # looks whether the connection is still alive
        return box.pop()

    async def give_back(self, connection: str) -> None:
        """Give a connection to who waits longest, or keep it."""
        await trio.lowlevel.checkpoint()  # rolls back what the user has left open
        if self.waiting:
            told, box = self.waiting.pop(0)
            box.append(connection)
            told.set()
        else:
            self.idle.append(connection)


async def main(world: World) -> None:
    """Use a pool of one connection."""
    await use(world, HandingPool())

"""One connection, users who wait for it, one of whom gives up, and the count that must be right."""

from __future__ import annotations

from typing import Protocol

import trio

from raceexplore import World


class Pool(Protocol):
    """What the users ask of a pool of one connection."""

    idle: list[str]

    async def take(self) -> str:
        """Return a connection; wait for one."""
        ...

    async def give_back(self, connection: str) -> None:
        """Give a connection back."""
        ...


async def use(world: World, pool: Pool) -> None:
    """Let one user hold the connection, and another wait for it who is cancelled at some point."""
    pool.idle.append("connection")
    impatient = trio.CancelScope()
    served = []

    async def user(name: str, scope: trio.CancelScope) -> None:
        with scope:
            connection = await pool.take()
            try:
                await world.checkpoint()
                served.append(name)
            finally:
                with trio.CancelScope(shield=True):
                    await pool.give_back(connection)

    async def cancel() -> None:
        await world.checkpoint()
        impatient.cancel()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(user, "first", trio.CancelScope(), name="first")
        nursery.start_soon(user, "impatient", impatient, name="impatient")
        nursery.start_soon(cancel, name="cancel")
    world.sometimes("both were served", len(served) == 2)
    assert pool.idle == ["connection"], f"idle connections: {pool.idle}"

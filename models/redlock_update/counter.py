"""A counter in a store, three Redis servers for its lock, and clients that may be paused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

import trio

from raceexplore import World
from raceexplore.sim import Fixed
from raceexplore.sim.locks import Redlock, Register
from raceexplore.sim.redis import Redis

TTL_S = 10.0
PAUSE_S = 15.0
Add = Callable[["Counter"], Awaitable[bool]]


class Counter:
    """The store and the lock servers."""

    def __init__(self, world: World, fence: Literal["none", "write", "read+write"]) -> None:
        self.world = world
        self.register = Register(world, "counter", 0, fence=fence)
        self.servers = [Redis(world, f"redis-{number}") for number in (1, 2, 3)]
        self.tokens = Redis(world, "tokens").client()

    def lock(self) -> Redlock:
        """Return a lock of one client's own."""
        clients = [server.client(socket_timeout=0.05) for server in self.servers]
        return Redlock(clients, "counter", TTL_S, tries=4, retry=Fixed(TTL_S / 2))

    async def pause(self) -> None:
        """Collect garbage, swap, move to another machine: longer than the lock lives, at worst."""
        await self.world.sleep(self.world.pick("pause", (0.0, PAUSE_S), kind="fault"))


async def count(
    world: World, add: Add, *, fence: Literal["none", "write", "read+write"] = "none"
) -> None:
    """Let two clients add 1 each; each says whether it has."""
    counter, added = Counter(world, fence), []

    async def client() -> None:
        if await add(counter):
            added.append(1)

    async with trio.open_nursery() as nursery:
        for name in ("a", "b"):
            nursery.start_soon(client, name=name)
    world.sometimes("both have added", len(added) == 2)
    value = counter.register.value
    assert value == len(added), f"{len(added)} clients added 1, the counter is {value}"

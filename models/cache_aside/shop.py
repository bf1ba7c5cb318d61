"""A price in a database, a copy of it in Redis, one writer and one reader."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio

from raceexplore import World
from raceexplore.sim.locks import Register
from raceexplore.sim.redis import Redis

OLD, NEW = 10, 12
Work = Callable[["Shop"], Awaitable[None]]


class Shop:
    """The database and the cache; the cache has forgotten the price."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.price = Register(world, "database price", OLD)
        self.server = Redis(world, "cache")
        self.cache = self.server.client(decode_responses=True)


async def trade(world: World, read: Work, write: Work) -> None:
    """Let the price change while somebody looks at it; then all is quiet."""
    shop = Shop(world)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(write, shop, name="writer")
        nursery.start_soon(read, shop, name="reader")
    cached = await shop.cache.get("price")
    world.sometimes("the price is cached", cached is not None)
    assert cached in (None, str(NEW)), f"the cache keeps {cached}, the price is {NEW}"

"""A page that is expensive to make, a copy of it in Redis, and visitors who come at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio

from raceexplore import World
from raceexplore.sim.redis import Redis

VISITORS = ("ann", "bob")
Visit = Callable[["Site"], Awaitable[None]]


class Site:
    """The cache and the workshop; the copy has just expired."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.redis = Redis(world, "cache").client(decode_responses=True)
        self.made = 0

    async def make(self) -> str:
        """Make the page: it takes a while, and loads the database."""
        self.made += 1
        await self.world.checkpoint()
        return "page"


async def visit_all(world: World, visit: Visit) -> None:
    """Let all visitors come at the same time."""
    site = Site(world)
    async with trio.open_nursery() as nursery:
        for name in VISITORS:
            nursery.start_soon(visit, site, name=name)
    world.sometimes("the page is cached", await site.redis.exists("page") == 1)
    assert site.made == 1, f"the page was made {site.made} times"

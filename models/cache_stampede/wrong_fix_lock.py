"""Whoever misses the page takes a lock first, so that one visitor at a time makes it.

Those who waited for the lock decided to make the page before they had it. They make it again, one
after the other.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.cache_stampede.page import Site, visit_all


async def visit(site: Site) -> None:
    """Show the page."""
    if await site.redis.get("page") is None:
        async with site.redis.lock("page lock", timeout=10):
            await site.redis.set("page", await site.make(), ex=60)


async def main(world: World) -> None:
    """Let two visitors come as the copy has expired."""
    await visit_all(world, visit)

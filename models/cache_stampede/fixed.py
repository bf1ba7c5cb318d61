"""Whoever misses the page takes a lock, and then looks again before making it.

The first visitor makes the page for all. Whoever waited finds it, and makes nothing.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.cache_stampede.page import Site, visit_all


async def visit(site: Site) -> None:
    """Show the page."""
    if await site.redis.get("page") is None:
        async with site.redis.lock("page lock", timeout=10):
            if await site.redis.get("page") is None:
                await site.redis.set("page", await site.make(), ex=60)


async def main(world: World) -> None:
    """Let two visitors come as the copy has expired."""
    await visit_all(world, visit)

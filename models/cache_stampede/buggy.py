"""Whoever misses the cached page makes it and puts it into the cache.

Until the first of them is done all others miss it, too. The load that the cache was to keep from
the database comes at once, at the moment when the copy expires.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.cache_stampede.page import Site, visit_all


async def visit(site: Site) -> None:
    """Show the page."""
    if await site.redis.get("page") is None:
        await site.redis.set("page", await site.make(), ex=60)


async def main(world: World) -> None:
    """Let two visitors come as the copy has expired."""
    await visit_all(world, visit)

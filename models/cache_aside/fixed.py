"""A reader that misses takes a lease on the key, and fills the cache only if it still has it.

The writer's deletion takes the lease away with the copy. Whoever read the price before it finds
that out in the same step in which it would have filled the cache.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.cache_aside.shop import NEW, Shop, trade

FILL = """
if redis.call('get', KEYS[2]) ~= ARGV[2] then return 0 end
redis.call('set', KEYS[1], ARGV[1])
return redis.call('del', KEYS[2])
"""


async def read(shop: Shop) -> None:
    """Show the price."""
    if await shop.cache.get("price") is None:
        await shop.cache.set("price lease", "reader")
        price = await shop.price.read()
        await shop.cache.eval(FILL, 2, "price", "price lease", price, "reader")


async def write(shop: Shop) -> None:
    """Change the price."""
    await shop.price.write(NEW)
    await shop.cache.delete("price", "price lease")


async def main(world: World) -> None:
    """Change a price while a customer looks at it."""
    await trade(world, read, write)

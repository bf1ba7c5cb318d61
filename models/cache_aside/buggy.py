"""A reader that misses the cache reads the database and fills the cache; a writer deletes the copy.

Between the reader's two steps the price may change and the copy be deleted. What the reader fills
in then is the old price, and nobody deletes it again.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.cache_aside.shop import NEW, Shop, trade


async def read(shop: Shop) -> None:
    """Show the price."""
    if await shop.cache.get("price") is None:
        price = await shop.price.read()
        await shop.cache.set("price", price)


async def write(shop: Shop) -> None:
    """Change the price."""
    await shop.price.write(NEW)
    await shop.cache.delete("price")


async def main(world: World) -> None:
    """Change a price while a customer looks at it."""
    await trade(world, read, write)

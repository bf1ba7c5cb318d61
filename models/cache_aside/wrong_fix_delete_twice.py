"""The writer deletes the copy before it writes and once more afterwards, to be sure.

The second deletion comes at no time that the reader knows of. A reader that is slower still fills
the old price in after it.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.cache_aside.buggy import read
from raceexplore.models.cache_aside.shop import NEW, Shop, trade


async def write(shop: Shop) -> None:
    """Change the price."""
    await shop.cache.delete("price")
    await shop.price.write(NEW)
    await shop.cache.delete("price")


async def main(world: World) -> None:
    """Change a price while a customer looks at it."""
    await trade(world, read, write)

"""A ticket shop checks the cached count, and then decrements it: two steps, and a gap.

Two replicas of the service share a cache and a database, and every call takes its time. When one
DECR is slow, the next request still reads the old count, and the last ticket is sold twice.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.ticketing.backend import REPLICAS, Cache, Database, sell


class InventoryService:
    """One replica."""

    def __init__(self, cache: Cache, database: Database) -> None:
        self.cache = cache
        self.database = database

    async def buy(self, customer: str) -> bool:
        """Sell a ticket to ``customer`` if one is left."""
        if await self.cache.get() < 1:
            return False
        await self.cache.decrement()
        await self.database.insert_order(customer)
        return True


async def main(world: World) -> None:
    """Sell the last ticket to three customers through two replicas."""
    cache, database = Cache(world), Database(world)
    replicas = [InventoryService(cache, database) for _ in range(REPLICAS)]
    await sell(world, database, [replica.buy for replica in replicas])

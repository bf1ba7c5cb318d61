"""The shop after the first fix: a lock around check and decrement, one in each replica.

Requests at one replica now wait for each other, and a test with one replica passes for ever.
Two replicas hold two locks, so the gap between GET and DECR is as open as before.
"""

from __future__ import annotations

import trio

from raceexplore import World
from raceexplore.models.ticketing.backend import REPLICAS, Cache, Database, sell


class InventoryService:
    """One replica."""

    def __init__(self, cache: Cache, database: Database) -> None:
        self.cache = cache
        self.database = database
        self.lock = trio.Lock()

    async def buy(self, customer: str) -> bool:
        """Sell a ticket to ``customer`` if one is left."""
        async with self.lock:
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

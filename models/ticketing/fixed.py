"""The shop as it should be: one lock for all replicas, and the database has the last word.

Inside the lock the count is read from the row that is locked for update, and checked there. The
cache is written after the commit, so it may be late but never decides.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.ticketing.backend import REPLICAS, Cache, Database, LockServer, sell


class InventoryService:
    """One replica."""

    def __init__(self, cache: Cache, database: Database, locks: LockServer) -> None:
        self.cache = cache
        self.database = database
        self.locks = locks

    async def buy(self, customer: str) -> bool:
        """Sell a ticket to ``customer`` if one is left."""
        if await self.cache.get() < 1:
            return False
        async with self.locks.held():
            async with self.database.select_for_update() as left:
                if left < 1:
                    return False
                await self.database.insert_order(customer)
            await self.cache.set(left - 1)
        return True


async def main(world: World) -> None:
    """Sell the last ticket to three customers through two replicas."""
    cache, database, locks = Cache(world), Database(world), LockServer(world)
    replicas = [InventoryService(cache, database, locks) for _ in range(REPLICAS)]
    await sell(world, database, [replica.buy for replica in replicas])
    assert cache.left == 0, f"the cache says {cache.left} left, the database sold out"

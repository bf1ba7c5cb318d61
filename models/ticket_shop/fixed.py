"""Both locks: the Redlock keeps the crowd away from the row, and the row lock decides.

The count is read and checked under FOR UPDATE, so that a Redlock that has expired costs time and
not tickets. The cache is written after the commit.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.ticket_shop.shop import Services, sell


async def buy(services: Services, customer: str) -> bool:
    """Sell a ticket to ``customer`` if one is left."""
    async with services.lock():
        async with services.db.connection() as conn:
            cursor = await conn.execute("SELECT left_ FROM event WHERE id = 1 FOR UPDATE")
            (left,) = await cursor.fetchone()
            await services.pause()
            if left < 1:
                return False
            await conn.execute("UPDATE event SET left_ = %s WHERE id = 1", (left - 1,))
            await conn.execute("INSERT INTO ticket VALUES (1, %s)", (customer,))
        await services.cache.set("left:1", left - 1)
    return True


async def main(world: World) -> None:
    """Sell the last ticket to three customers."""
    await sell(world, buy)

"""No lock in Redis at all: the count is read and checked in a row that is locked for update.

The row lock lasts as long as the transaction, whatever the replica's clock does. It is this lock
that makes the sale safe; the cache may be late, but never decides.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.ticket_shop.shop import Services, sell


async def buy(services: Services, customer: str) -> bool:
    """Sell a ticket to ``customer`` if one is left."""
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

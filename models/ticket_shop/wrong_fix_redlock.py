"""The same check, within a Redlock on three servers, and the count read from PostgreSQL.

As long as everybody keeps time nobody else is in the section. A replica that pauses for longer than
its lock lives goes on with a count that another one has sold from, and oversells.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.ticket_shop.shop import Services, sell


async def buy(services: Services, customer: str) -> bool:
    """Sell a ticket to ``customer`` if one is left."""
    async with services.lock():
        async with services.db.connection(autocommit=True) as conn:
            cursor = await conn.execute("SELECT left_ FROM event WHERE id = 1")
            (left,) = await cursor.fetchone()
            await services.pause()
            if left < 1:
                return False
            async with conn.transaction():
                await conn.execute("UPDATE event SET left_ = %s WHERE id = 1", (left - 1,))
                await conn.execute("INSERT INTO ticket VALUES (1, %s)", (customer,))
        await services.cache.set("left:1", left - 1)
    return True


async def main(world: World) -> None:
    """Sell the last ticket to three customers."""
    await sell(world, buy)

"""The same check within a Redlock on three servers, and the count read from PostgreSQL.

As long as every call is fast, nobody else is in the section. A replica whose statement is late by
more than its lock lives goes on with a count that others have sold from.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.box_office.shop import Services, open_sale
from raceexplore.sim.kubernetes import Pod


async def buy(pod: Pod, services: Services, customer: str) -> bool:
    """Sell a ticket to ``customer`` if one is left."""
    await services.price()
    async with services.lock(), services.db.connection(autocommit=True) as conn:
        cursor = await conn.execute("SELECT left_ FROM event WHERE id = 1")
        (left,) = await cursor.fetchone()
        await pod.host.compute(0.0008)
        if left < 1:
            return False
        async with conn.transaction():
            await conn.execute("UPDATE event SET left_ = %s WHERE id = 1", (left - 1,))
            await conn.execute(
                "INSERT INTO ticket VALUES (1, %s) ON CONFLICT DO NOTHING", (customer,)
            )
        await services.cache.set("left:1", left - 1)
    return True


async def main(world: World) -> None:
    """Open the sale."""
    await open_sale(world, buy)

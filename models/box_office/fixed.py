"""A Redlock keeps the crowd away, the row lock decides, and the cache is written after the commit.

A replica may die anywhere. Before the commit nothing has happened; after it the customer, who tries
again, is told of the ticket that he has.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.box_office.shop import Services, open_sale
from raceexplore.sim.kubernetes import Pod

HAS_ONE = "SELECT count(*) FROM ticket WHERE customer = %s"


async def buy(pod: Pod, services: Services, customer: str) -> bool:
    """Sell a ticket to ``customer`` if one is left."""
    await services.price()
    async with services.lock():
        async with services.db.connection() as conn:
            cursor = await conn.execute("SELECT left_ FROM event WHERE id = 1 FOR UPDATE")
            (left,) = await cursor.fetchone()
            await pod.host.compute(0.0008)
            (bought,) = await (await conn.execute(HAS_ONE, (customer,))).fetchone()
            if bought or left < 1:
                return bool(bought)
            await conn.execute("UPDATE event SET left_ = %s WHERE id = 1", (left - 1,))
            await conn.execute("INSERT INTO ticket VALUES (1, %s)", (customer,))
        await services.cache.set("left:1", left - 1)
    return True


async def main(world: World) -> None:
    """Open the sale."""
    await open_sale(world, buy)


async def few(world: World) -> None:
    """Sell to twelve customers only."""
    await open_sale(world, buy, "few.json")

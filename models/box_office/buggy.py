"""A replica checks the cached count, decrements it, and sells: two commands, and a gap.

The gap is short, but 200 customers come within half a second, the replica has a quarter of a
processor, and the network is slow at times. Then the count is read by many before one lowers it.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.box_office.shop import Services, open_sale
from raceexplore.sim.kubernetes import Pod


async def buy(pod: Pod, services: Services, customer: str) -> bool:
    """Sell a ticket to ``customer`` if one is left."""
    await services.price()
    left = int(await services.cache.get("left:1"))
    if left < 1:
        return False
    await pod.host.compute(0.0008)
    await services.cache.decr("left:1")
    async with services.db.connection() as conn:
        await conn.execute("INSERT INTO ticket VALUES (1, %s) ON CONFLICT DO NOTHING", (customer,))
        await conn.execute("UPDATE event SET left_ = left_ - 1 WHERE id = 1")
    return True


async def main(world: World) -> None:
    """Open the sale."""
    await open_sale(world, buy)


async def few(world: World) -> None:
    """Open the sale of four tickets to twelve customers: a load to explore, and not to measure."""
    await open_sale(world, buy, "few.json", stock=4)

"""A replica checks the cached count, decrements it, and sells: two commands, and a gap.

Every call takes its time. When one DECR is slow, the next request still reads the old count, and
the last ticket is sold twice.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.ticket_shop.shop import Services, sell


async def buy(services: Services, customer: str) -> bool:
    """Sell a ticket to ``customer`` if one is left."""
    left = await services.cache.get("left:1")
    if int(left) < 1:
        return False
    await services.cache.decr("left:1")
    async with services.db.connection() as conn:
        await conn.execute("INSERT INTO ticket VALUES (1, %s)", (customer,))
    return True


async def main(world: World) -> None:
    """Sell the last ticket to three customers."""
    await sell(world, buy)

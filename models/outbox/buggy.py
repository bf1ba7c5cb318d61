"""An order is committed, and then announced.

A crash in between leaves an order that nobody hears of. After the restart it is there, and so it is
not taken again.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.outbox.shop import ORDERS, Outside, run_shop


async def serve(outside: Outside) -> None:
    """Take the orders that are not there yet."""
    for order in ORDERS:
        if order not in outside.orders:
            await outside.commit(order)
            await outside.publish(order)


async def main(world: World) -> None:
    """Run the shop."""
    await run_shop(world, serve)

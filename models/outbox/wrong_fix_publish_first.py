"""The order is announced first, inside of the transaction, and committed last.

Now no order is without its announcement. But a crash in between has announced an order that there
is not, and after the restart it is announced again.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.outbox.shop import ORDERS, Outside, run_shop


async def serve(outside: Outside) -> None:
    """Take the orders that are not there yet."""
    for order in ORDERS:
        if order not in outside.orders:
            await outside.publish(order)
            await outside.commit(order)


async def main(world: World) -> None:
    """Run the shop."""
    await run_shop(world, serve)

"""The announcement is committed with the order, in an outbox, and sent from there.

No order is lost, and none is announced that there is not. But a crash after the sending and before
the note of it sends the announcement again, and the customer gets two parcels.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.outbox.shop import ORDERS, Outside, run_shop


async def serve(outside: Outside) -> None:
    """Take the orders that are not there yet, and empty the outbox."""
    for order in ORDERS:
        if order not in outside.orders:
            await outside.commit(order, announce=True)
    for order in tuple(outside.outbox):
        await outside.publish(order)
        await outside.sent(order)


async def main(world: World) -> None:
    """Run the shop."""
    await run_shop(world, serve)

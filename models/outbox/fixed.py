"""An outbox that is sent at least once, and a receiver that knows what it has had.

The announcement is committed with the order, so that both are there or none is. It may be sent
twice, and the receiver takes each order once.
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


def send_once(outside: Outside, order: str) -> None:
    """Send a parcel for an order that has had none."""
    if order not in outside.parcels:
        outside.parcels.append(order)


async def main(world: World) -> None:
    """Run the shop."""
    await run_shop(world, serve, send_once)

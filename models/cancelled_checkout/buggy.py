"""A customer takes a seat, asks for its price, and gives it back if the payment fails.

The duty to give it back is noted down only after the price has come. A time-out while waiting for
the price leaves a seat that nobody can buy and nobody gives back.
"""

from __future__ import annotations

import trio

from raceexplore import World
from raceexplore.models.cancelled_checkout.theatre import Theatre, open_doors


async def checkout(theatre: Theatre) -> None:
    """Buy one seat; a seat that is not paid for goes back."""
    seat = await theatre.hold()
    price = await theatre.price(seat)
    try:
        await theatre.pay(seat, price)
    finally:
        if seat not in theatre.sold:
            with trio.CancelScope(shield=True):
                await theatre.release(seat)


async def main(world: World) -> None:
    """Let two customers check out."""
    await open_doors(world, checkout)

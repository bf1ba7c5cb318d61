"""The checkout as it should be: nothing awaits between taking a seat and the duty to return it.

The return is shielded, so that the time-out that makes it necessary cannot stop it. Every seat is
free or sold in the end, however slow the network is.
"""

from __future__ import annotations

import trio

from raceexplore import World
from raceexplore.models.cancelled_checkout.theatre import Theatre, open_doors


async def checkout(theatre: Theatre) -> None:
    """Buy one seat; a seat that is not paid for goes back."""
    seat = await theatre.hold()
    try:
        price = await theatre.price(seat)
        await theatre.pay(seat, price)
    finally:
        if seat not in theatre.sold:
            with trio.CancelScope(shield=True):
                await theatre.release(seat)


async def main(world: World) -> None:
    """Let two customers check out."""
    await open_doors(world, checkout)

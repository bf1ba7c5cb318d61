"""The checkout after the first fix: from the moment it is taken, the seat is given back.

But giving back is a call over the network, made in a scope that has just been cancelled. Its
first await raises `Cancelled` again, and the seat stays with nobody.
"""

from __future__ import annotations

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
            await theatre.release(seat)


async def main(world: World) -> None:
    """Let two customers check out."""
    await open_doors(world, checkout)

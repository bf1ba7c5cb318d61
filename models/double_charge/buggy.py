"""A worker charges a card and tries again when the connection breaks.

That the answer was lost does not mean that the request was. The service charges the card a second
time.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.double_charge.payments import Checkout, sell


async def pay(checkout: Checkout) -> None:
    """Charge the order."""
    await checkout.post()


async def main(world: World) -> None:
    """Charge one order."""
    await sell(world, pay)

"""The worker sends the order's own number as its key, and always asks again.

The service keeps the key together with the charge. So the worker may repeat its request as often as
it likes, after a lost answer as well as after a crash.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.double_charge.payments import Checkout, sell


async def pay(checkout: Checkout) -> None:
    """Charge the order."""
    await checkout.post("order 1")


async def main(world: World) -> None:
    """Charge one order."""
    await sell(world, pay)

"""The worker notes in its store that the order is charged, and then charges it with the note's key.

No order is charged twice now. But a worker that crashes between the note and the charge finds the
note when it starts again, and never charges.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.double_charge.payments import Checkout, sell


async def pay(checkout: Checkout) -> None:
    """Charge the order."""
    if await checkout.redis.set("charged order 1", "yes", nx=True):
        await checkout.post("order 1")


async def main(world: World) -> None:
    """Charge one order."""
    await sell(world, pay)

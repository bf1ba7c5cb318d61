"""The cart is loaded, the customer pays what it shows, and the payment is appended.

Nothing says that the cart is still what was shown. An item that the other tab adds meanwhile is
paid by nobody.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.cart.shop import Paid, Store, View, shop


async def pay(store: Store) -> None:
    """Pay what the cart shows."""
    cart, _ = await store.load()
    await store.append(Paid(cart.total))


async def project(store: Store, view: View) -> None:
    """Add up what was paid, in one write with the number of the event."""
    for entry in await store.read(after=view.seen):
        paid = entry.event.amount if isinstance(entry.event, Paid) else 0
        await view.write(turnover=view.turnover + paid, seen=entry.number)


async def main(world: World) -> None:
    """Run the shop."""
    await shop(world, pay, project)

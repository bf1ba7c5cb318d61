"""A payment is for the version that was shown, and a projection saves with its sum how far it is.

If the cart has changed, the customer sees it again. After a crash the projection goes on with the
event after the last one that is in its sum.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.cart.shop import Paid, Store, View, shop
from raceexplore.sim.eventlog import Conflict


async def pay(store: Store) -> None:
    """Pay what the cart shows; look again if it has changed."""
    while True:
        cart, version = await store.load()
        try:
            await store.append(Paid(cart.total), expected_version=version)
        except Conflict:
            continue
        return


async def project(store: Store, view: View) -> None:
    """Add up what was paid, in one write with the number of the event."""
    for entry in await store.read(after=view.seen):
        paid = entry.event.amount if isinstance(entry.event, Paid) else 0
        await view.write(turnover=view.turnover + paid, seen=entry.number)


async def main(world: World) -> None:
    """Run the shop."""
    await shop(world, pay, project)

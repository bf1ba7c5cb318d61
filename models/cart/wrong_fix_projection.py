"""The payment is appended only to the version that the customer has seen.

So nobody pays for another cart than the one shown. But the projection saves its sum and then how
far it has come: a crash in between counts the payment twice.
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
    """Add up what was paid, and then save the number of the event."""
    for entry in await store.read(after=view.seen):
        paid = entry.event.amount if isinstance(entry.event, Paid) else 0
        await view.write(turnover=view.turnover + paid)
        await view.write(seen=entry.number)


async def main(world: World) -> None:
    """Run the shop."""
    await shop(world, pay, project)

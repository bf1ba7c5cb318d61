"""A shop whose process may crash at any await, a database, a broker, and a parcel service."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from raceexplore import World
from raceexplore.sim.hosts import Host

ORDERS = ("ann", "bob")
QUIET_S = 100.0


@dataclass
class Outside:
    """What survives a crash of the shop.

    orders: committed ones. outbox: announcements that were committed with them, and not yet sent.
    queue: what the broker has taken. parcels: what the parcel service has sent.
    """

    world: World
    orders: list[str] = field(default_factory=list)
    outbox: list[str] = field(default_factory=list)
    queue: list[str] = field(default_factory=list)
    parcels: list[str] = field(default_factory=list)

    async def commit(self, *orders: str, announce: bool = False) -> None:
        """Commit orders, and with them that they are to be announced."""
        await self.world.checkpoint()
        self.orders.extend(orders)
        self.outbox.extend(orders if announce else ())
        await self.world.checkpoint()

    async def sent(self, order: str) -> None:
        """Commit that an announcement is with the broker."""
        await self.world.checkpoint()
        self.outbox.remove(order)
        await self.world.checkpoint()

    async def publish(self, order: str) -> None:
        """Give an announcement to the broker."""
        await self.world.checkpoint()
        self.queue.append(order)
        await self.world.checkpoint()


Serve = Callable[[Outside], Coroutine[Any, Any, None]]
Receive = Callable[[Outside, str], None]


def send_parcel(outside: Outside, order: str) -> None:
    """Send a parcel for each announcement."""
    outside.parcels.append(order)


async def run_shop(world: World, serve: Serve, receive: Receive = send_parcel) -> None:
    """Let the shop take its orders, crash it once, and compare what it took and what was sent.

    serve: takes the orders that are not there yet, after a restart too.
    """
    outside, shop = Outside(world), Host(world, "shop")
    shop.run(serve, outside, name="serve")

    async def crash() -> None:  # the schedule says at which await
        world.sometimes("the shop crashed half way", len(outside.orders) == 1)
        shop.crash()
        shop.restart()

    world.spawn(crash, name="crash")
    await world.sleep(QUIET_S)
    for order in outside.queue:
        receive(outside, order)
    assert sorted(outside.parcels) == sorted(outside.orders), (
        f"orders {outside.orders}, parcels {outside.parcels}"
    )

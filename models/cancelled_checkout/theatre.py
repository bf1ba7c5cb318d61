"""The seats of this story, and the customers who have two seconds to pay for one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio

from raceexplore import World
from raceexplore.sim import LogNormal

SEATS = 2
TIMEOUT_S = 2.0
SEATING = LogNormal(median_s=0.1, sigma=0.5)
PRICING = LogNormal(median_s=0.2, sigma=1.0)
PAYMENT = LogNormal(median_s=0.4, sigma=0.6)


class Theatre:
    """Seats behind a network: every call takes its time, and may be cancelled until it acts."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.free = list(range(1, SEATS + 1))
        self.sold: list[int] = []

    async def hold(self) -> int:
        """Take a free seat off the map."""
        await SEATING.sleep(self.world, "hold")
        return self.free.pop(0)

    async def release(self, seat: int) -> None:
        """Put a held seat back."""
        await SEATING.sleep(self.world, "release")
        self.free.append(seat)

    async def price(self, seat: int) -> int:
        """Return what ``seat`` costs."""
        await PRICING.sleep(self.world, "price")
        return 10 * seat

    async def pay(self, seat: int, price: int) -> None:
        """Pay for a held seat: it is sold."""
        await PAYMENT.sleep(self.world, "pay")
        self.sold.append(seat)
        self.world.event("sold", seat=seat, price=price)


async def open_doors(world: World, checkout: Callable[[Theatre], Awaitable[None]]) -> None:
    """Let two customers check out, each within two seconds; then count the seats."""
    theatre = Theatre(world)

    async def customer() -> None:
        with trio.move_on_after(TIMEOUT_S) as patience:
            await checkout(theatre)
        world.sometimes("a customer was too slow", patience.cancelled_caught)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(customer, name="ann")
        nursery.start_soon(customer, name="bob")
    seats = len(theatre.free) + len(theatre.sold)
    assert seats == SEATS, f"{seats} of {SEATS} seats are free or sold: who has the rest?"

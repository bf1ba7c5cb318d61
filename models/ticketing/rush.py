"""The rush: 200 customers in half a second for 100 tickets, and what widens the window.

The window lies between the check of the count and its decrement: a call to the cache, and some
processing. By Little's law as many customers are in it, when the stock runs out, as arrive during
its mean: that many tickets are sold too often (`expected`). Knobs: ``sigma`` of the call (a stub's
tail), ``cpu`` (a limit of 0.25 is Kubernetes' 250m), ``delay`` (seconds that the network adds),
``fix`` (1: check and decrement under one lock).
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import fmean

import trio

from raceexplore import World
from raceexplore.sim import Fixed, LogNormal, Mixture, Uniform

STOCK, REQUESTS, DURING_S = 100, 200, 0.5
NETWORK_S, WORK_S = 0.0005, 0.00025
PERIOD_S = 0.1  # of the kernel's bandwidth control: a container may use cpu * 100 ms of each
# anywhere in the half second, finer than one quantile
ARRIVAL = Uniform(0.0, DURING_S) + Uniform(0.0, DURING_S / 1024)


class Shop:
    """The tickets that are left, as the cache knows them, and how many were sold."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.left, self.sold = STOCK, 0
        self.network = LogNormal(NETWORK_S, 0.0)
        self.delay_s = world.knob("delay", 0.0)
        cpu = min(world.knob("cpu", 1.0), 1.0)
        # a busy container stops for the rest of the period each time its share is used up
        stop, stopped_s = WORK_S / (cpu * PERIOD_S), WORK_S + (1 - cpu) * PERIOD_S
        self.work = Mixture((1 - stop, Fixed(WORK_S)), (stop, Fixed(stopped_s)))

    async def buy(self) -> None:
        """Sell a ticket if one is left: check, wait, decrement."""
        if self.left > 0:
            call_s = self.network.draw(self.world, "cache") + self.delay_s
            await self.world.sleep(call_s + self.work.draw(self.world, "work"))
            self.left -= 1
            self.sold += 1


async def main(world: World) -> None:
    """Let the customers come, and count the tickets that were sold although there were none."""
    shop, lock = Shop(world), trio.Lock()
    fixed = world.knob("fix", 0.0)

    async def customer() -> None:
        await ARRIVAL.sleep(world, "arrival")
        if fixed:
            async with lock:
                await shop.buy()
        else:
            await shop.buy()

    async with trio.open_nursery() as nursery:
        for number in range(REQUESTS):
            nursery.start_soon(customer, name=f"customer {number}")
    oversold = shop.sold - STOCK
    world.count("tickets", STOCK)
    world.count("oversold", oversold)
    assert not oversold, "more tickets were sold than there are"


def expected(knobs: Mapping[str, float]) -> float:
    """Return the tickets sold too often for each in stock: arrivals a second * mean window."""
    if knobs.get("fix"):
        return 0.0
    network = LogNormal(NETWORK_S, knobs.get("sigma", 0.0))
    window_s = fmean(network.quantile(k / 1024) for k in range(1, 1024))
    window_s += knobs.get("delay", 0.0) + WORK_S / min(knobs.get("cpu", 1.0), 1.0)
    return REQUESTS / DURING_S * window_s / STOCK

"""The load at which the bug was seen: 200 requests in half a second, for a stock of 100.

Each request is served by a replica of its own, which has used up some of its processor time before.
The window lies between GET and DECR: the way of the commands, and ``WORK_S`` of computing. By
Little's law as many tickets are sold too often as requests arrive during its mean. Knobs: ``sigma``
of the way, ``cpu`` of a replica (0.25 is Kubernetes' 250m), ``way`` and ``work``: seconds; and
``stock``: twice as many requests come.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp

import trio

from raceexplore import World
from raceexplore.sim import Exponential, LogNormal, Uniform
from raceexplore.sim.hosts import Host
from raceexplore.sim.redis import Redis

STOCK, BETWEEN_S = 100, 0.0025
WAY_S, WORK_S = 0.00075, 0.0  # medians, when nobody turns a knob
QUOTA_S = 0.025  # of a replica of 250m, in each 100 ms
BEFORE = Uniform(0.0, QUOTA_S)  # what it has used of this period when the request is checked


async def main(world: World) -> None:
    """Let the requests come, and count the tickets that were sold although there were none."""
    redis = Redis(world, "cache", latency=LogNormal(world.knob("way", WAY_S), 0.0))
    cache = redis.client()
    work_s, stock = world.knob("work", WORK_S), int(world.knob("stock", STOCK))
    await cache.set("left", stock)

    async def request(number: int) -> None:
        replica = Host(world, f"replica-{number}")
        await replica.compute(QUOTA_S + BEFORE.draw(world, "before"))
        if int(await cache.get("left")) > 0:
            await replica.compute(work_s)
            await cache.decr("left")

    async with trio.open_nursery() as nursery:
        for number in range(2 * stock):
            await Exponential(BETWEEN_S).sleep(world, "arrival")
            nursery.start_soon(request, number, name=f"request {number}")
    oversold = -int(await cache.get("left"))
    world.count("stock", stock)
    world.count("oversold", oversold)
    assert not oversold, "more tickets were sold than there are"


def expected(knobs: Mapping[str, float]) -> float:
    """Return the tickets sold too often for each in stock: arrivals a second * mean window."""
    way_s = knobs.get("way", WAY_S) * exp(knobs.get("sigma", 0.0) ** 2 / 2)
    stretched = min(knobs.get("cpu", 1.0), 1.0)
    return (way_s + knobs.get("work", WORK_S) / stretched) / BETWEEN_S / knobs.get("stock", STOCK)

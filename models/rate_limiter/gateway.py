"""A gateway that lets a request a second through, its bucket in Redis, a clock that jumps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio

from raceexplore import World
from raceexplore.sim.redis import Redis

BURST = 2
RATE = 1.0  # tokens a second
REQUESTS = 3
Take = Callable[["Gateway"], Awaitable[bool]]


class Gateway:
    """The bucket, full at first, and what was let through."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.server = Redis(world, "bucket")
        self.redis = self.server.client(decode_responses=True)
        self.granted = 0


async def serve(world: World, take: Take) -> None:
    """Let three requests come at once, where the bucket holds two tokens."""
    gateway = Gateway(world)
    await gateway.redis.set("tokens", BURST)

    async def request() -> None:
        if await take(gateway):
            gateway.granted += 1

    async with trio.open_nursery() as nursery:
        for number in range(REQUESTS):
            nursery.start_soon(request, name=f"request {number}")
        await world.checkpoint()
        if world.pick("the clock jumps", (False, True), kind="fault"):
            gateway.server.master.jump_clock(60.0)
    world.sometimes("a request was refused", gateway.granted < REQUESTS)
    most = BURST + RATE * world.now()
    assert gateway.granted <= most, f"{gateway.granted} requests let through, at most {most:g}"

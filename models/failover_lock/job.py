"""A nightly job that must run once, a lock for it in Redis, and a master that may fail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import trio
from redis.exceptions import ResponseError

from raceexplore import World
from raceexplore.sim.locks import Register
from raceexplore.sim.redis import Redis

Run = Callable[["Night", str], Awaitable[None]]


class Night:
    """A master with two replicas, and the report that the job writes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.server = Redis(world, replicas=2)
        self.report: Register[str] = Register(world, "report", "")
        self.writers: list[str] = []

    def client(self) -> Any:
        """Return a connection to who is master now; it does not follow a failover."""
        return self.server.client(node=self.server.master)

    async def write(self, name: str) -> None:
        """Write the report."""
        await self.report.write(name)
        self.writers.append(name)


async def fall(world: World, run: Run) -> None:
    """Let two workers try to do the job, and one of the replicas take over in between."""
    night = Night(world)

    async def worker(name: str) -> None:
        try:
            await run(night, name)
        except ResponseError:
            return  # its server is the master no more, and takes no lock

    async with trio.open_nursery() as nursery:
        nursery.start_soon(worker, "a", name="a")
        await world.sleep(0)
        if world.pick("the master fails", (False, True), kind="fault"):
            night.server.failover(world.pick("next master", (0, 1)))
        nursery.start_soon(worker, "b", name="b")
    world.sometimes("somebody wrote", bool(night.writers))
    assert len(night.writers) <= 1, f"{' and '.join(night.writers)} wrote the report"

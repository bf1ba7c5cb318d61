"""The worker waits until one replica has its lock, by WAIT 1, before it begins.

There are two replicas, and the one that takes over may be the other one. Nobody is told that the
lock was lost.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.failover_lock.job import Night, fall


async def run(night: Night, name: str) -> None:
    """Do the job, if nobody else does."""
    client = night.client()
    if await client.set("job", name, nx=True) and await client.wait(1, 0):
        await night.write(name)


async def main(world: World) -> None:
    """Let two workers try."""
    await fall(world, run)

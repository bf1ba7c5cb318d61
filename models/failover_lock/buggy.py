"""Two workers agree by SET NX in Redis who does the nightly job.

The master acknowledges the lock before its replicas have it. If one of them takes over just then,
it gives the same lock to the other worker.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.failover_lock.job import Night, fall


async def run(night: Night, name: str) -> None:
    """Do the job, if nobody else does."""
    if await night.client().set("job", name, nx=True):
        await night.write(name)


async def main(world: World) -> None:
    """Let two workers try."""
    await fall(world, run)

"""The report takes no second version: each worker writes with the number of the night.

The lock still saves work on most nights. Whether it holds or not, the report has the last word and
refuses a number that it has seen.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.failover_lock.job import Night, fall


async def run(night: Night, name: str) -> None:
    """Do the job, if nobody else does."""
    if not await night.client().set("job", name, nx=True):
        return
    text, version = await night.report.read_version()
    if not text and await night.report.compare_and_set(name, version):
        night.writers.append(name)


async def main(world: World) -> None:
    """Let two workers try."""
    await fall(world, run)

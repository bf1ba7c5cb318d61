"""The voter notes its vote and gives it; the note is in memory, and not on the disk.

A power cut forgets it. The voter starts again, and the other candidate gets the same vote.
"""

from __future__ import annotations

from collections.abc import Callable

from raceexplore import World
from raceexplore.models.election.cluster import elect
from raceexplore.sim.hosts import Disk


async def vote(disk: Disk, term: int, candidate: str, reply: Callable[[], None]) -> None:
    """Note the vote, and give it."""
    disk.write("term", term)
    disk.write("vote", candidate)
    reply()


async def main(world: World) -> None:
    """Hold the election."""
    await elect(world, vote)

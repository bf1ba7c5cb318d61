"""The voter gives its vote, and syncs the note of it at once.

At once is not before. The power may go when the vote is under way and the note is not yet on the
disk.
"""

from __future__ import annotations

from collections.abc import Callable

from raceexplore import World
from raceexplore.models.election.cluster import elect
from raceexplore.sim.hosts import Disk


async def vote(disk: Disk, term: int, candidate: str, reply: Callable[[], None]) -> None:
    """Note the vote, give it, and sync."""
    disk.write("term", term)
    disk.write("vote", candidate)
    reply()
    await disk.sync()


async def main(world: World) -> None:
    """Hold the election."""
    await elect(world, vote)

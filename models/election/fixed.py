"""The voter syncs the note of its vote before it gives it.

Whoever has a vote knows that no power cut takes it back. A cut before costs an answer, and the
candidate would ask again in another term.
"""

from __future__ import annotations

from collections.abc import Callable

from raceexplore import World
from raceexplore.models.election.cluster import elect
from raceexplore.sim.hosts import Disk


async def vote(disk: Disk, term: int, candidate: str, reply: Callable[[], None]) -> None:
    """Note the vote, sync, and give it."""
    disk.write("term", term)
    disk.write("vote", candidate)
    await disk.sync()
    reply()


async def main(world: World) -> None:
    """Hold the election."""
    await elect(world, vote)

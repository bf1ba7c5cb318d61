"""Each write carries the number of its term, and the record refuses one older than the last.

The leader still looks at its clock, to spare itself useless work. Whether the clock is right does
not matter to what is written.
"""

from __future__ import annotations

import time

from raceexplore import World
from raceexplore.models.leader_lease.cluster import Server, rule
from raceexplore.sim.locks import StaleToken


async def write(server: Server) -> None:
    """Write, if the lease still holds; the record has the last word."""
    if time.time() >= server.until_s:
        return
    try:
        await server.put(server.term)
    except StaleToken:
        return  # somebody else leads by now


async def main(world: World) -> None:
    """Let two servers lead."""
    await rule(world, write, fenced=True)

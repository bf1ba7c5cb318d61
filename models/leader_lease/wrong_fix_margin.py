"""A leader stops writing one second before its lease ends, in case the clocks disagree.

A margin must be larger than what the clocks can differ by. A clock that loses two seconds in ten
eats it up.
"""

from __future__ import annotations

import time

from raceexplore import World
from raceexplore.models.leader_lease.cluster import Server, rule

MARGIN_S = 1.0


async def write(server: Server) -> None:
    """Write, if the lease still holds and will for a while."""
    if time.time() < server.until_s - MARGIN_S:
        await server.put()


async def main(world: World) -> None:
    """Let two servers lead."""
    await rule(world, write)

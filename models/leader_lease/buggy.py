"""A leader writes for as long as its lease holds by its own clock.

Its clock may be slower than that of the store, where the lease ends earlier. The next leader has
written by then, and is overwritten by the one before it.
"""

from __future__ import annotations

import time

from raceexplore import World
from raceexplore.models.leader_lease.cluster import Server, rule


async def write(server: Server) -> None:
    """Write, if the lease still holds."""
    if time.time() < server.until_s:
        await server.put()


async def main(world: World) -> None:
    """Let two servers lead."""
    await rule(world, write)

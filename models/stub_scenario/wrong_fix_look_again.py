"""A mock server that found no candidate looks through all of them once more.

By then the other request is over, in most runs. In some, the state moves on at the second look just
as it did at the first.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.stub_scenario.buggy import answer
from raceexplore.models.stub_scenario.server import Server, load


async def twice(server: Server) -> bool:
    """Answer a request; return whether a candidate fitted."""
    return await answer(server) or await answer(server)


async def main(world: World) -> None:
    """Send three requests at the same time."""
    await load(world, twice)

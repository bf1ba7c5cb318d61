"""A mock server reads the state once, and asks all candidates about that one answer.

Each state has its candidate, so one always fits. That another request may move the state meanwhile
does not matter to this one.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.stub_scenario.server import CANDIDATES, Server, load


async def answer(server: Server) -> bool:
    """Answer a request; return whether a candidate fitted."""
    now = await server.read()
    for state, then in reversed(CANDIDATES):
        if now == state:
            await server.change(then)
            return True
    return False


async def main(world: World) -> None:
    """Send three requests at the same time."""
    await load(world, answer)

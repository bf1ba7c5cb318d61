"""A mock server looks for the first candidate whose state is the scenario's.

It reads the state anew for each candidate. When another request moves it on in between, each
candidate is asked in a state that is not its own, and none answers.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.stub_scenario.server import CANDIDATES, Server, load


async def answer(server: Server) -> bool:
    """Answer a request; return whether a candidate fitted."""
    for state, then in reversed(CANDIDATES):
        if await server.read() == state:
            await server.change(then)
            return True
    return False


async def main(world: World) -> None:
    """Send three requests at the same time."""
    await load(world, answer)

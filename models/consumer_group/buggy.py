"""A reader commits an offset when it has read the entry, and then does what it says.

If it dies in between, or its host does, the next reader begins after the entry. Nobody does it.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.consumer_group.broker import Broker, run_group


async def read(broker: Broker, offset: int, _generation: int) -> bool:
    """Commit, and do."""
    await broker.commit(offset + 1)
    await broker.do(offset)
    return True


async def main(world: World) -> None:
    """Run the group."""
    await run_group(world, read)

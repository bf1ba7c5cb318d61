"""A reader does what an entry says, and commits its offset then.

No entry is skipped any more. But a reader that was slow, and not dead, commits its old offset after
the new reader has gone on, and the next one would begin there again.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.consumer_group.broker import Broker, run_group


async def read(broker: Broker, offset: int, _generation: int) -> bool:
    """Do, and commit."""
    await broker.do(offset)
    return await broker.commit(offset + 1)


async def main(world: World) -> None:
    """Run the group."""
    await run_group(world, read)

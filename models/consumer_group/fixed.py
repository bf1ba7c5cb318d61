"""A reader does what an entry says, and commits its offset with the generation in which it reads.

The broker refuses the offset of a reader that has been replaced. An entry may be done twice, which
the reader's effects must bear; none is skipped, and the group never goes back.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.consumer_group.broker import Broker, run_group


async def read(broker: Broker, offset: int, generation: int) -> bool:
    """Do, and commit as the reader of this generation."""
    await broker.do(offset)
    return await broker.commit(offset + 1, generation=generation)


async def main(world: World) -> None:
    """Run the group."""
    await run_group(world, read)

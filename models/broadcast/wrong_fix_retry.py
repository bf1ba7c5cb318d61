"""What is not acknowledged after a second is sent again, once.

The cut lasts longer than that. The second message is lost as the first one was.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.broadcast.cluster import Node, run_cluster


async def spread(node: Node, neighbour: str, value: int) -> None:
    """Tell a neighbour, twice if it must be."""
    node.tell(neighbour, value)
    await node.world.sleep(1.0)
    if value in node.unacknowledged(neighbour):
        node.tell(neighbour, value)


async def main(world: World) -> None:
    """Run the cluster."""
    await run_cluster(world, spread)

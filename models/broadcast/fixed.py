"""What a neighbour has not said it knows is sent again, until it has: anti-entropy.

Any cut that heals is outlasted. A value that comes twice changes nothing in a set.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.broadcast.cluster import Node, run_cluster


async def spread(node: Node, neighbour: str, value: int) -> None:
    """Tell a neighbour until it says that it knows."""
    while value in node.unacknowledged(neighbour):
        node.tell(neighbour, value)
        await node.world.sleep(2.0)


async def main(world: World) -> None:
    """Run the cluster."""
    await run_cluster(world, spread)

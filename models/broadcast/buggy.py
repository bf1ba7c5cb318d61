"""Each node sends what is new to its neighbours, once.

What is sent while the way is cut is lost. After the cut nobody sends it again.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.broadcast.cluster import Node, run_cluster


async def spread(node: Node, neighbour: str, value: int) -> None:
    """Tell a neighbour."""
    node.tell(neighbour, value)


async def main(world: World) -> None:
    """Run the cluster."""
    await run_cluster(world, spread)

"""Each node keeps a sum of its own for every node. It takes the larger one of each.

Source: Shapiro, Preguica, Baquero and Zawirski, "Conflict-free replicated data types", 2011.
"""

from __future__ import annotations

from collections.abc import Mapping

from raceexplore import World
from raceexplore.models.g_counter.cluster import run_cluster


class GCounter:
    """What each node has counted, as far as this one knows."""

    def __init__(self, node: str) -> None:
        self.node = node
        self.sums = {"a": 0, "b": 0}

    def add(self, amount: int) -> Mapping[str, int]:
        """Count, and tell all sums."""
        self.sums[self.node] += amount
        return dict(self.sums)

    def merge(self, sums: Mapping[str, int]) -> None:
        """Take the larger one of each node's sums: twice is as good as once."""
        for node, total in sums.items():
            self.sums[node] = max(self.sums[node], total)

    def total(self) -> int:
        """Return what all have counted."""
        return sum(self.sums.values())


async def main(world: World) -> None:
    """Run the cluster."""
    await run_cluster(world, GCounter)

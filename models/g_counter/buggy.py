"""Each node sends what was added, and the other one adds it, too.

Messages come twice. Such a one is counted twice.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.g_counter.cluster import run_cluster


class Sum:
    """A sum of all that was added."""

    def __init__(self, _: str) -> None:
        self.sum = 0

    def add(self, amount: int) -> int:
        """Count, and tell by how much."""
        self.sum += amount
        return amount

    def merge(self, amount: int) -> None:
        """Count what the other one has."""
        self.sum += amount

    def total(self) -> int:
        """Return the sum."""
        return self.sum


async def main(world: World) -> None:
    """Run the cluster."""
    await run_cluster(world, Sum)

"""Each node sends its sum, and the other one takes the larger of both.

A message that comes twice changes nothing now. But what two nodes count at the same time is counted
once: the larger of 1 and 1 is 1.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.g_counter.cluster import run_cluster


class Maximum:
    """The largest sum that is known."""

    def __init__(self, _: str) -> None:
        self.sum = 0

    def add(self, amount: int) -> int:
        """Count, and tell the sum."""
        self.sum += amount
        return self.sum

    def merge(self, total: int) -> None:
        """Take the other one's sum if it is larger."""
        self.sum = max(self.sum, total)

    def total(self) -> int:
        """Return the sum."""
        return self.sum


async def main(world: World) -> None:
    """Run the cluster."""
    await run_cluster(world, Maximum)

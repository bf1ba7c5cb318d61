"""A release leaves a tombstone, whether there was something to release or not.

A reservation that comes after it finds the tombstone, and is refused. So the order of the two does
not matter, nor how often each comes.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.saga.trip import book


class Desk:
    """The airline. released: the trips that must never have a seat again."""

    def __init__(self) -> None:
        self.reserved: set[str] = set()
        self.released: set[str] = set()

    def reserve(self, trip: str) -> None:
        """Reserve a seat, unless it is released already."""
        if trip not in self.released:
            self.reserved.add(trip)

    def release(self, trip: str) -> None:
        """Give the seat back, for good."""
        self.released.add(trip)
        self.reserved.discard(trip)


async def main(world: World) -> None:
    """Book a trip; the card may be declined."""
    await book(world, Desk, declined=world.pick("declined", (False, True), kind="fault"))


async def declined(world: World) -> None:
    """Book a trip whose card is declined."""
    await book(world, Desk, declined=True)

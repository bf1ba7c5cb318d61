"""To release a seat takes it back, if there is one.

A release that overtakes its reservation finds nothing to take back. The reservation arrives later,
and the seat stays reserved for a trip that nobody pays.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.saga.trip import book


class Desk:
    """The airline."""

    def __init__(self) -> None:
        self.reserved: set[str] = set()

    def reserve(self, trip: str) -> None:
        """Reserve a seat."""
        self.reserved.add(trip)

    def release(self, trip: str) -> None:
        """Give the seat back."""
        self.reserved.discard(trip)


async def main(world: World) -> None:
    """Book a trip; the card may be declined."""
    await book(world, Desk, declined=world.pick("declined", (False, True), kind="fault"))


async def declined(world: World) -> None:
    """Book a trip whose card is declined."""
    await book(world, Desk, declined=True)

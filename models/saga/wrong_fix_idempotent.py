"""Every message is done once, whatever is sent again: the airline remembers what it has done.

That is needed too, for messages that come twice. But the release that came first is done, with no
effect, and the reservation that comes after it has not been done yet.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.saga.trip import book


class Desk:
    """The airline. done: the messages that it has done."""

    def __init__(self) -> None:
        self.reserved: set[str] = set()
        self.done: set[tuple[str, str]] = set()

    def reserve(self, trip: str) -> None:
        """Reserve a seat, once."""
        if ("reserve", trip) not in self.done:
            self.done.add(("reserve", trip))
            self.reserved.add(trip)

    def release(self, trip: str) -> None:
        """Give the seat back, once."""
        if ("release", trip) not in self.done:
            self.done.add(("release", trip))
            self.reserved.discard(trip)


async def main(world: World) -> None:
    """Book a trip; the card may be declined."""
    await book(world, Desk, declined=world.pick("declined", (False, True), kind="fault"))


async def declined(world: World) -> None:
    """Book a trip whose card is declined."""
    await book(world, Desk, declined=True)

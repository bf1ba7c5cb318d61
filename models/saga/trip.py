"""A trip: a seat is reserved and a card is charged at the same time, and one of them may fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from raceexplore import World
from raceexplore.sim.hosts import Host
from raceexplore.sim.network import Network

TRIP = "trip 7"


class Airline(Protocol):
    """What takes the messages of a saga. reserved: the trips that have a seat."""

    reserved: set[str]

    def reserve(self, trip: str) -> None:
        """Reserve a seat."""

    def release(self, trip: str) -> None:
        """Compensate: give the seat back."""


async def book(world: World, make: Callable[[], Airline], *, declined: bool) -> None:
    """Book a trip; if the card is ``declined``, take the reservation back.

    The messages go over a network on which one may overtake another.
    """
    airline = make()
    network = Network(world)
    office, desk = Host(world, "office"), Host(world, "airline")

    async def serve() -> None:
        while True:
            _, (kind, trip) = await network.receive(desk)
            if kind == "reserve":
                airline.reserve(trip)
            else:
                airline.release(trip)

    async def order() -> None:
        network.send(office, desk, ("reserve", TRIP))
        await world.checkpoint()
        if declined:
            network.send(office, desk, ("release", TRIP))

    desk.start(serve)
    office.start(order)
    await world.sleep(60.0)
    expected = set() if declined else {TRIP}
    assert airline.reserved == expected, f"reserved {sorted(airline.reserved)}, declined {declined}"

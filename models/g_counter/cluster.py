"""Two nodes that count what they are told and tell each other, by messages that may come twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from raceexplore import World
from raceexplore.sim.hosts import Host
from raceexplore.sim.network import Network


class Counter(Protocol):
    """What one node counts."""

    def add(self, amount: int) -> object:
        """Count, and return the message to the other node."""
        ...

    def merge(self, message: Any) -> None:
        """Take what the other node has sent."""
        ...

    def total(self) -> int:
        """Return what both nodes have counted, as far as this one knows."""
        ...


async def run_cluster(world: World, make: Callable[[str], Counter]) -> None:
    """Let two clients add 1, each at its node, and compare what the nodes say after a while."""
    network = Network(world, duplicates=None)
    hosts = Host(world, "a"), Host(world, "b")
    counters = make("a"), make("b")

    async def serve(here: int) -> None:
        while True:
            _, message = await network.receive(hosts[here])
            counters[here].merge(message)

    async def client(here: int, rounds: int) -> None:
        if rounds:  # the other one's message is here by then, if nothing is late
            world.spawn(client, here, rounds - 1)
            return
        world.sometimes("both counted before either knew", here and counters[1].total() == 0)
        network.send(hosts[here], hosts[1 - here], counters[here].add(1))

    for here in range(2):
        hosts[here].start(serve, here)
    world.spawn(client, 0, 0)
    world.spawn(client, 1, 3)
    await world.sleep(1.0)
    totals = [counter.total() for counter in counters]
    assert totals == [2, 2], f"two were added, and the nodes say {totals}"

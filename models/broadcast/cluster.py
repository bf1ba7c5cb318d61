"""Three nodes in a row that tell each other what they are told, and a cut that heals."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from raceexplore import World
from raceexplore.sim.hosts import Host
from raceexplore.sim.network import Network

CUT_S, QUIET_S = 5.0, 60.0
NEIGHBOURS = {"a": ("b",), "b": ("a", "c"), "c": ("b",)}


@dataclass
class Node:
    """A node and what it knows; ``known`` by each neighbour, as far as it has said so."""

    world: World
    network: Network
    hosts: dict[str, Host]
    name: str
    values: set[int] = field(default_factory=set)
    acknowledged: dict[str, set[int]] = field(default_factory=dict)

    def tell(self, neighbour: str, *values: int) -> None:
        """Send values to a neighbour: once, and who knows whether they arrive."""
        here, there = self.hosts[self.name], self.hosts[neighbour]
        self.network.send(here, there, ("values", values))

    def answer(self, neighbour: str) -> None:
        """Tell a neighbour all that this node knows."""
        here, there = self.hosts[self.name], self.hosts[neighbour]
        self.network.send(here, there, ("known", tuple(sorted(self.values))))

    def unacknowledged(self, neighbour: str) -> tuple[int, ...]:
        """Return the values that a neighbour has not said it knows."""
        return tuple(sorted(self.values - self.acknowledged.get(neighbour, set())))


Spread = Callable[[Node, str, int], Coroutine[Any, Any, None]]


async def serve(node: Node, spread: Spread) -> None:
    """Take what neighbours send, and spread what is new."""
    while True:
        source, (kind, values) = await node.network.receive(node.hosts[node.name])
        if kind == "known":
            node.acknowledged.setdefault(source, set()).update(values)
            continue
        new = [value for value in values if value not in node.values]
        node.values.update(new)
        node.answer(source)
        for value in new:
            await spread_from(node, spread, value, source)


async def spread_from(node: Node, spread: Spread, value: int, source: str = "") -> None:
    """Let each neighbour but ``source`` know."""
    for neighbour in NEIGHBOURS[node.name]:
        if neighbour != source:
            node.hosts[node.name].start(spread, node, neighbour, value, name=f"to {neighbour}")


async def run_cluster(world: World, spread: Spread) -> None:
    """Tell node a one value, cut the way between b and c once, and look who knows the value."""
    network = Network(world)
    hosts = {name: Host(world, name) for name in NEIGHBOURS}
    nodes = {name: Node(world, network, hosts, name) for name in NEIGHBOURS}
    for name, node in nodes.items():
        hosts[name].start(serve, node, spread)

    async def told() -> None:
        nodes["a"].values.add(7)
        await spread_from(nodes["a"], spread, 7)

    async def cut(rounds: int) -> None:  # the schedule says when it begins
        if rounds:
            world.spawn(cut, rounds - 1, name="cut")
            return
        world.sometimes("the way was cut before c knew", 7 not in nodes["c"].values)
        network.partition([hosts["b"]], [hosts["c"]])
        await world.sleep(CUT_S)
        network.heal([hosts["b"]], [hosts["c"]])

    hosts["a"].start(told)
    world.spawn(cut, 5, name="cut")
    await world.sleep(QUIET_S)
    ignorant = [name for name, node in nodes.items() if node.values != {7}]
    assert ignorant == [], f"{ignorant} does not know what node a was told"

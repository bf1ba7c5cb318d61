"""A mock server whose answers depend on a state that they change, as WireMock's scenarios do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import trio

from raceexplore import World

# in each state one candidate answers, and the state goes round
CANDIDATES = (("Started", "Placed"), ("Placed", "Shipped"), ("Shipped", "Started"))
CLIENTS = 3
Answer = Callable[["Server"], Awaitable[bool]]


@dataclass
class Server:
    """The state of the scenario."""

    world: World
    state: str = "Started"

    async def read(self) -> str:
        """Return the state, from where all servers of a cluster keep it."""
        await self.world.checkpoint()
        return self.state

    async def change(self, state: str) -> None:
        """Change the state."""
        await self.world.checkpoint()
        self.state = state


async def load(world: World, answer: Answer) -> None:
    """Send requests at the same time; each must be answered by one of the candidates."""
    server, answered = Server(world), []

    async def client() -> None:
        answered.append(await answer(server))

    async with trio.open_nursery() as nursery:
        for number in range(CLIENTS):
            nursery.start_soon(client, name=f"client {number}")
    world.sometimes("all are answered", all(answered))
    assert all(answered), "404: no mapping is in the scenario's state"

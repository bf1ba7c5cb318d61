"""A payment service that somebody else runs; its answers may be lost, and so may our process be."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import httpx

from raceexplore import World
from raceexplore.sim.hosts import Host
from raceexplore.sim.http import Fault, Request, Stub
from raceexplore.sim.redis import Redis

KEY = "Idempotency-Key"
Pay = Callable[["Checkout"], Coroutine[Any, Any, None]]


class Checkout:
    """What a worker that charges one order has: the service, and a store of its own."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.charges: list[str] = []
        self.stub = Stub(world, "payments")
        reply = self.stub.on("POST", "/charges").calling(self._charge)
        reply.reply(201, faults=[Fault.RESET])
        self.redis = Redis(world, "store").client(decode_responses=True)

    def _charge(self, request: Request) -> None:
        """Charge the card once for each key, as payment services do; without a key, each time."""
        key = "".join(request.header(KEY)) or f"charge {len(self.charges)}"
        if key not in self.charges:
            self.charges.append(key)

    async def post(self, key: str = "") -> None:
        """Ask the service to charge the card; try again for as long as the answer is lost."""
        transport, headers = self.stub.transport(), {KEY: key} if key else {}
        async with httpx.AsyncClient(transport=transport, base_url="https://pay") as http:
            for _ in range(3):
                try:
                    (await http.post("/charges", headers=headers)).raise_for_status()
                except httpx.TransportError:
                    continue
                return


async def sell(world: World, pay: Pay) -> None:
    """Let a worker charge one order; it may crash, and starts again."""
    checkout = Checkout(world)
    host = Host(world, "worker")
    host.run(lambda: pay(checkout), name="pay")
    if world.pick("the worker crashes", (False, True), kind="fault"):
        await world.sleep(0)
        host.crash()
        host.restart()
    await world.sleep(60)
    charges = len(checkout.charges)
    world.sometimes("an answer was lost", len(checkout.stub.requests) > 1)
    assert charges == 1, f"one order, {charges} charges"

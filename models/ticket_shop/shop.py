"""What the replicas of the shop share: Redis with the cached count, PostgreSQL with the truth.

A request arrives every 2.5 ms, the load of 200 requests in 500 ms at which the bug was seen in
production. A replica may stop for longer than its lock lives: a collection, or a throttled CPU.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio

from raceexplore import World
from raceexplore.sim import LogNormal
from raceexplore.sim.locks import Redlock
from raceexplore.sim.postgres import Postgres
from raceexplore.sim.redis import Redis

STOCK = 1
CUSTOMERS = ("ann", "bob", "cem")
BETWEEN_ARRIVALS_S = 0.0025
LOCK_S = 0.2
PAUSE_S = 3 * LOCK_S
SCHEMA = """
CREATE TABLE event (id int PRIMARY KEY, left_ int NOT NULL);
CREATE TABLE ticket (event_id int NOT NULL REFERENCES event, customer text NOT NULL);
INSERT INTO event VALUES (1, 1);
"""


class Services:
    """What a replica talks to."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.redis = Redis(world, "cache", latency=LogNormal(median_s=0.0003, sigma=1.0))
        self.cache = self.redis.client(decode_responses=True)
        self.db = Postgres(world, SCHEMA, latency=LogNormal(median_s=0.0003, sigma=0.5))
        self.lock_servers = [Redis(world, f"lock-{number}") for number in (1, 2, 3)]

    def lock(self) -> Redlock:
        """Return a Redlock for the event that is on sale."""
        clients = [server.client() for server in self.lock_servers]
        retry = LogNormal(median_s=0.1, sigma=0.5)
        return Redlock(clients, "event:1", LOCK_S, tries=100, retry=retry)

    async def pause(self) -> None:
        """Stand still where the program does not expect it, on a bad day."""
        pause_s = self.world.pick("pause", (0.0, PAUSE_S), kind="fault")
        if pause_s:
            await self.world.sleep(pause_s)


Buy = Callable[[Services, str], Awaitable[bool]]


async def sell(world: World, buy: Buy) -> None:
    """Let the customers arrive one after the other, each at a replica of its own."""
    services = Services(world)
    await services.cache.set("left:1", STOCK)
    counted = "SELECT count(*) FROM ticket"
    sold = services.db.query
    world.always("no ticket is sold twice", lambda: sold(counted)[0][0] <= STOCK)

    async def customer(number: int, name: str) -> None:
        await world.sleep(number * BETWEEN_ARRIVALS_S)
        await buy(services, name)

    async with trio.open_nursery() as nursery:
        for number, name in enumerate(CUSTOMERS):
            nursery.start_soon(customer, number, name, name=name)
    world.sometimes("sold out", sold(counted)[0][0] == STOCK)

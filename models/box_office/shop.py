"""What the box office stands on, each part from the file that its owners keep.

The replicas are those of deploy.yaml, the price service answers as wiremock/ says, the load is
NBomber's load.json, and PostgreSQL has the truth. A customer whose replica has died tries again.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path

import httpx

from raceexplore import World
from raceexplore.sim import LogNormal
from raceexplore.sim.chaos import offer
from raceexplore.sim.hosts import Gone
from raceexplore.sim.http import Stub
from raceexplore.sim.kubernetes import Hosts, Pod
from raceexplore.sim.load import Ending, Invocation, Load, Scenario, fail, ok
from raceexplore.sim.locks import Redlock
from raceexplore.sim.postgres import Postgres
from raceexplore.sim.redis import Redis

HERE = Path(__file__).parent
STOCK = 100
LOCK_S = 0.5
SCHEMA = """
CREATE TABLE event (id int PRIMARY KEY, left_ int NOT NULL);
CREATE TABLE ticket (event_id int NOT NULL REFERENCES event, customer text PRIMARY KEY);
INSERT INTO event VALUES (1, {stock});
"""


class Services:
    """What a replica talks to."""

    def __init__(self, world: World, stock: int = STOCK) -> None:
        self.world = world
        schema = SCHEMA.replace("{stock}", str(stock))
        self.cache = Redis(world, "cache", latency=LogNormal(0.0003, 1.0)).client(
            decode_responses=True
        )
        self.db = Postgres(world, schema, latency=LogNormal(0.0003, 0.5))
        self.prices = Stub.from_wiremock(world, HERE / "wiremock", "prices")
        self.locks = [Redis(world, f"lock-{number}") for number in (1, 2, 3)]

    def lock(self) -> Redlock:
        """Return a Redlock for the event that is on sale."""
        clients = [server.client(socket_timeout=0.1) for server in self.locks]
        return Redlock(clients, "event:1", LOCK_S, tries=60, retry=LogNormal(1.5, 0.5))

    async def price(self) -> int:
        """Return what a ticket costs, in cents."""
        transport = self.prices.transport()
        async with httpx.AsyncClient(transport=transport, base_url="http://prices") as http:
            answer = await http.get("/price")
            return int(answer.json()["cents"])


Buy = Callable[[Pod, Services, str], Coroutine[None, None, bool]]


async def open_sale(
    world: World, buy: Buy, load_file: str = "load.json", stock: int = STOCK
) -> None:
    """Sell to as many customers as the load lets come: 200 within half a second, if not told."""
    services = Services(world, stock)
    inventory = Hosts.from_kubernetes(world, HERE / "deploy.yaml")
    await services.cache.set("left:1", stock)
    query = services.db.query

    def sold() -> int:
        return int(query("SELECT count(*) FROM ticket")[0][0])

    inventory.start(nothing_at_start)
    await world.sleep(0.1)
    offer(world, "tickets-sold", sold)
    offer(world, "sold-in-the-end", sold)  # 200 came: all 100 are sold, and no more
    offer(world, "books-balance", lambda: left(query) + sold() == stock)

    async def checkout(request: Invocation) -> Ending:
        for _ in range(5):
            try:
                bought = await inventory.ask(buy, services, f"customer {request.number}")
            except Gone:
                await world.sleep(0.05)
                continue
            return ok("sold" if bought else "sold out")
        return fail("gave up")

    load = Load.from_nbomber(world, HERE / load_file, name="sale")
    await load.run(Scenario(checkout))
    world.count("tickets", stock)
    world.count("oversold", max(sold() - stock, 0))
    assert sold() <= stock, f"{sold()} tickets sold of {stock}"


def left(query: Callable[..., list[tuple[int, ...]]]) -> int:
    """Return what the database believes to be left."""
    return int(query("SELECT left_ FROM event")[0][0])


async def nothing_at_start(pod: Pod) -> None:
    """Be ready at once: a replica does nothing until it is asked."""

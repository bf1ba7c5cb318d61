"""What the ticketing services talk to: a cache, a database and a lock server, with latency.

Each command is atomic, as in Redis and PostgreSQL; what takes time is the way there. A request
arrives every 2.5 ms, the load of 200 requests in 500 ms at which the bug was seen in production.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import trio

from raceexplore import World
from raceexplore.sim import LogNormal

STOCK = 1
CUSTOMERS = ("ann", "bob", "cem")
REPLICAS = 2
BETWEEN_ARRIVALS_S = 0.0025
CACHE = LogNormal(median_s=0.0003, sigma=1.0)
DATABASE = LogNormal(median_s=0.002, sigma=0.5)

Buy = Callable[[str], Awaitable[bool]]


class Cache:
    """One counter in Redis: the tickets that are left."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.left = STOCK

    async def get(self) -> int:
        """GET: return the tickets left."""
        await CACHE.sleep(self.world, "GET")
        self.world.event("GET", left=self.left)
        return self.left

    async def decrement(self) -> int:
        """DECR: take one off and return what is left."""
        await CACHE.sleep(self.world, "DECR")
        self.left -= 1
        self.world.event("DECR", left=self.left)
        return self.left

    async def set(self, left: int) -> None:
        """SET: replace the count."""
        await CACHE.sleep(self.world, "SET")
        self.left = left


class Database:
    """The orders in PostgreSQL, and one row that can be locked."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.orders: list[str] = []
        self.row = trio.Lock()

    async def insert_order(self, customer: str) -> None:
        """INSERT an order and COMMIT."""
        await DATABASE.sleep(self.world, "INSERT")
        self.orders.append(customer)
        self.world.event("INSERT", customer=customer)

    @asynccontextmanager
    async def select_for_update(self) -> AsyncIterator[int]:
        """SELECT ... FOR UPDATE: the tickets left, in a row that is locked until the end."""
        async with self.row:
            await DATABASE.sleep(self.world, "SELECT FOR UPDATE")
            yield STOCK - len(self.orders)


class LockServer:
    """One named lock for all replicas; taking it is a call over the network."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.lock = trio.Lock()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Hold the lock of the event that is on sale."""
        await CACHE.sleep(self.world, "LOCK")
        async with self.lock:
            yield


async def sell(world: World, database: Database, replicas: list[Buy]) -> None:
    """Let the customers arrive one after the other, each at the next replica."""
    world.always("no ticket is sold twice", lambda: len(database.orders) <= STOCK)

    async def customer(number: int, name: str) -> None:
        await trio.sleep(number * BETWEEN_ARRIVALS_S)
        await replicas[number % REPLICAS](name)

    async with trio.open_nursery() as nursery:
        for number, name in enumerate(CUSTOMERS):
            nursery.start_soon(customer, number, name, name=name)
    world.sometimes("sold out", len(database.orders) == STOCK)

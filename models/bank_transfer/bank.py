"""The bank: two accounts of one customer, and two clients that move money at the same time.

An account may be overdrawn as long as the two together are not. Money is never made or lost.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio

from raceexplore import World
from raceexplore.sim.postgres import AsyncConnection, Postgres

SCHEMA = """
CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL);
INSERT INTO account VALUES (1, 60), (2, 60);
"""
Order = Callable[[AsyncConnection], Awaitable[None]]


def total(db: Postgres) -> int:
    """Return what the two accounts hold together, as committed."""
    return int(db.query("SELECT sum(balance) FROM account")[0][0])


async def serve(world: World, db: Postgres, orders: list[Order]) -> None:
    """Carry out the orders side by side, each on a connection of its own."""
    world.always("the accounts together are not overdrawn", lambda: total(db) >= 0)

    async def client(order: Order) -> None:
        async with db.connection() as conn:
            await order(conn)

    async with trio.open_nursery() as nursery:
        for number, order in enumerate(orders, 1):
            nursery.start_soon(client, order, name=f"client {number}")
    rows = db.query("SELECT balance FROM account")
    world.sometimes("an account is overdrawn", any(balance < 0 for (balance,) in rows))

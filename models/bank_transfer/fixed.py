"""The withdrawal locks both accounts in the order of numbers, then sums up what they hold.

One statement takes both locks, lowest number first, so that no two clients wait for each other. The
sum comes from the locked rows, whose newest versions the server reads again after each wait.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.bank_transfer.bank import SCHEMA, Order, serve
from raceexplore.sim.postgres import AsyncConnection, Postgres


def withdraw(account: int, amount: int) -> Order:
    """Return an order that takes ``amount`` from ``account`` if both together hold it."""

    async def order(conn: AsyncConnection) -> None:
        cursor = await conn.execute("SELECT balance FROM account ORDER BY id FOR UPDATE")
        together = sum([balance for (balance,) in await cursor.fetchall()])
        if together >= amount:
            await conn.execute(
                "UPDATE account SET balance = balance - %s WHERE id = %s", (amount, account)
            )

    return order


async def main(world: World) -> None:
    """Withdraw 100 from each account, of 120 together."""
    db = Postgres(world, SCHEMA)
    await serve(world, db, [withdraw(1, 100), withdraw(2, 100)])

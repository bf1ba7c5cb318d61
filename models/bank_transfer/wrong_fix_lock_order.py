"""The withdrawal locks the account that it takes from, and then the other one, before it sums up.

Now nobody reads a sum that is about to change. But the two clients lock in opposite orders, and
where each has one row, the server ends one of them with 40P01, which nobody expects.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.bank_transfer.bank import SCHEMA, Order, serve
from raceexplore.sim.postgres import AsyncConnection, Postgres


def withdraw(account: int, other: int, amount: int) -> Order:
    """Return an order that takes ``amount`` from ``account`` if both together hold it."""

    async def order(conn: AsyncConnection) -> None:
        together = 0
        for number in (account, other):
            cursor = await conn.execute(
                "SELECT balance FROM account WHERE id = %s FOR UPDATE", (number,)
            )
            (balance,) = await cursor.fetchone()
            together += balance
        if together >= amount:
            await conn.execute(
                "UPDATE account SET balance = balance - %s WHERE id = %s", (amount, account)
            )

    return order


async def main(world: World) -> None:
    """Withdraw 100 from each account, of 120 together."""
    db = Postgres(world, SCHEMA)
    await serve(world, db, [withdraw(1, 2, 100), withdraw(2, 1, 100)])

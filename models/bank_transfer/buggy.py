"""A withdrawal sums up both accounts, sees that there is enough, and takes it from one of them.

At READ COMMITTED two withdrawals read the same sum and then write two different rows. Neither waits
for the other, and together they take more than there is.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.bank_transfer.bank import SCHEMA, Order, serve
from raceexplore.sim.postgres import AsyncConnection, Postgres


def withdraw(account: int, amount: int) -> Order:
    """Return an order that takes ``amount`` from ``account`` if both together hold it."""

    async def order(conn: AsyncConnection) -> None:
        cursor = await conn.execute("SELECT sum(balance) FROM account")
        (together,) = await cursor.fetchone()
        if together >= amount:
            await conn.execute(
                "UPDATE account SET balance = balance - %s WHERE id = %s", (amount, account)
            )

    return order


async def main(world: World) -> None:
    """Withdraw 100 from each account, of 120 together."""
    db = Postgres(world, SCHEMA)
    await serve(world, db, [withdraw(1, 100), withdraw(2, 100)])

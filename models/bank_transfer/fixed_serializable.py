"""The withdrawal as it was, at SERIALIZABLE, and tried again when the server refuses it.

The server notices that each has read what the other one has written, and fails one with 40001. The
second attempt reads the sum that is left, and takes nothing.
"""

from __future__ import annotations

from raceexplore import World
from raceexplore.models.bank_transfer.bank import SCHEMA, Order, serve
from raceexplore.sim.postgres import AsyncConnection, Postgres, errors


def withdraw(account: int, amount: int) -> Order:
    """Return an order that takes ``amount`` from ``account`` if both together hold it."""

    async def attempt(conn: AsyncConnection) -> None:
        cursor = await conn.execute("SELECT sum(balance) FROM account")
        (together,) = await cursor.fetchone()
        if together >= amount:
            await conn.execute(
                "UPDATE account SET balance = balance - %s WHERE id = %s", (amount, account)
            )

    async def order(conn: AsyncConnection) -> None:
        while True:
            try:
                async with conn.transaction():
                    await attempt(conn)
            except errors.SerializationFailure:
                continue
            return

    return order


async def main(world: World) -> None:
    """Withdraw 100 from each account, of 120 together."""
    db = Postgres(world, SCHEMA, isolation="serializable")
    await serve(world, db, [withdraw(1, 100), withdraw(2, 100)])

"""A transfer locks the account with the lower number first, whichever way the money goes.

The numbers never change, so all transfers agree on the order. Where everybody climbs the same
ladder, nobody can wait for somebody below.
"""

from __future__ import annotations

from raceexplore.models.lock_order.bank import Account, move, transfer_all


async def transfer(source: Account, target: Account, amount: int) -> None:
    """Move ``amount`` from ``source`` to ``target``."""
    first, second = sorted((source, target), key=lambda account: account.number)
    async with first.lock, second.lock:
        move(source, target, amount)


async def main() -> None:
    """Make four transfers at the same time."""
    await transfer_all(transfer)

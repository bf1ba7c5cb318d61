"""A transfer locks the accounts in the order of their owners' names.

Between the accounts of two people, that is one order for all. But ann has two accounts, the names
tie, and a stable sort leaves them as they came: source first, which is the old bug.
"""

from __future__ import annotations

from raceexplore.models.lock_order.bank import Account, move, transfer_all


async def transfer(source: Account, target: Account, amount: int) -> None:
    """Move ``amount`` from ``source`` to ``target``."""
    first, second = sorted((source, target), key=lambda account: account.owner)
    async with first.lock, second.lock:
        move(source, target, amount)


async def main() -> None:
    """Make four transfers at the same time."""
    await transfer_all(transfer)

"""Three deposits, each reading and writing the balance under one lock.

The auditors may still answer late: nobody else reads the balance meanwhile. Telling them before
the read, and leaving no await between read and write, would do as well.
"""

from __future__ import annotations

from raceexplore.models.lost_update.account import Account, audit, deposit_all


async def deposit(account: Account, amount: int) -> None:
    """Add ``amount`` to the account."""
    async with account.lock:
        balance = account.balance
        await audit(amount)
        account.balance = balance + amount


async def main() -> None:
    """Make three deposits at the same time."""
    await deposit_all(deposit)

"""Three deposits, with a lock around the write: the line that looked dangerous in the report.

The read is still outside, so two deposits read the same balance and then write one after the
other. A lock protects a decision only if what was decided upon is read inside it.
"""

from __future__ import annotations

from raceexplore.models.lost_update.account import Account, audit, deposit_all


async def deposit(account: Account, amount: int) -> None:
    """Add ``amount`` to the account."""
    balance = account.balance
    await audit(amount)
    async with account.lock:
        account.balance = balance + amount


async def main() -> None:
    """Make three deposits at the same time."""
    await deposit_all(deposit)

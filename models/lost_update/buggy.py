"""Three deposits read a balance, tell the auditors, and write the balance back.

Whoever reads while another waits for the auditors overwrites the other's deposit. The sum of the
deposits must be the balance in the end.
"""

from __future__ import annotations

from raceexplore.models.lost_update.account import Account, audit, deposit_all


async def deposit(account: Account, amount: int) -> None:
    """Add ``amount`` to the account."""
    balance = account.balance
    await audit(amount)
    account.balance = balance + amount


async def main() -> None:
    """Make three deposits at the same time."""
    await deposit_all(deposit)

"""A transfer locks the account it takes from, and then the account it gives to.

A transfer one way and a transfer back lock the same two accounts in opposite orders. If each gets
its first lock, both wait for ever for their second.
"""

from __future__ import annotations

from raceexplore.models.lock_order.bank import Account, move, transfer_all


async def transfer(source: Account, target: Account, amount: int) -> None:
    """Move ``amount`` from ``source`` to ``target``."""
    async with source.lock, target.lock:
        move(source, target, amount)


async def main() -> None:
    """Make four transfers at the same time."""
    await transfer_all(transfer)

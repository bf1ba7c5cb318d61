"""The account that the deposits of this story go to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import trio

DEPOSITS = (10, 20, 30)


@dataclass
class Account:
    """A balance, and a lock for those who use it."""

    balance: int = 0
    lock: trio.Lock = field(default_factory=trio.Lock)


async def audit(amount: int) -> None:
    """Tell the auditors about ``amount``; they may take a while to answer."""
    await trio.lowlevel.checkpoint()


async def deposit_all(deposit: Callable[[Account, int], Awaitable[None]]) -> None:
    """Make all deposits at the same time, and check that all of them arrived."""
    account = Account()
    async with trio.open_nursery() as nursery:
        for amount in DEPOSITS:
            nursery.start_soon(deposit, account, amount, name=f"deposit {amount}")
    expected = sum(DEPOSITS)
    assert account.balance == expected, f"balance is {account.balance}, deposited {expected}"

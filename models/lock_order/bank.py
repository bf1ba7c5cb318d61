"""The accounts and the transfers of this story."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import trio


@dataclass
class Account:
    """A numbered account with an owner and a balance, and its lock."""

    number: int
    owner: str
    balance: int
    lock: trio.Lock = field(default_factory=trio.Lock)


Transfer = Callable[[Account, Account, int], Awaitable[None]]


def move(source: Account, target: Account, amount: int) -> None:
    """Book ``amount``; the caller holds both locks."""
    source.balance -= amount
    target.balance += amount


async def transfer_all(transfer: Transfer) -> None:
    """Make four transfers at the same time; no money may appear or vanish, and all must end."""
    wages, savings, shop = Account(1, "ann", 100), Account(2, "ann", 50), Account(3, "bob", 0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(transfer, wages, shop, 60, name="buy")
        nursery.start_soon(transfer, shop, wages, 10, name="refund")
        nursery.start_soon(transfer, wages, savings, 30, name="save")
        nursery.start_soon(transfer, savings, wages, 20, name="spend")
    balances = [account.balance for account in (wages, savings, shop)]
    assert balances == [40, 60, 50], f"the balances are {balances}"

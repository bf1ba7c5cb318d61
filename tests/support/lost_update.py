"""A planted lost update, which several tests look for."""

from __future__ import annotations

import trio


class Lost(Exception):
    """The lost update of the program under test."""


async def withdraw_all(amounts: list[int], before: int = 4) -> None:
    """Each task reads the balance, awaits, and writes it back: an update can get lost."""
    balance = 100

    async def withdraw(amount: int) -> None:
        nonlocal balance
        for _ in range(before):
            await trio.lowlevel.checkpoint()
        seen = balance
        await trio.lowlevel.checkpoint()
        balance = seen - amount

    async with trio.open_nursery() as nursery:
        for amount in amounts:
            nursery.start_soon(withdraw, amount)
    if balance != 100 - sum(amounts):
        raise Lost(balance)

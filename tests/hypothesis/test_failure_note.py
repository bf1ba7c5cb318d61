"""A failing test case is told as the command line tells it: by what each task read and wrote."""

from __future__ import annotations

import pytest
import trio

from raceexplore.hypothesis import Schedule


class Account:
    def __init__(self) -> None:
        self.balance = 0

    async def pay_in(self, amount: int) -> None:
        seen = self.balance
        await trio.lowlevel.checkpoint()
        self.balance = seen + amount


def test_a_local_function_is_told_with_the_race_its_orders_and_its_cure() -> None:
    async def program() -> None:
        account = Account()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(account.pay_in, 1)
            nursery.start_soon(account.pay_in, 1)
        assert account.balance == 2

    with pytest.raises(AssertionError) as caught:
        Schedule((1, 0)).run(program)
    (note,) = caught.value.__notes__
    told = " ".join(note.split())
    assert "Lost update: pay_in#1 read Account.balance = 0 (step 1, " in told
    assert "of pay_in atomic, no schedule fails (all 2 explored)." in told
    assert "One ordering decides it" in told


def test_a_function_that_carries_state_over_is_told_in_a_few_lines() -> None:
    account = Account()

    async def program() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(account.pay_in, 1)
            nursery.start_soon(account.pay_in, 1)
        assert account.balance == 2

    with pytest.raises(AssertionError) as caught:
        Schedule((1, 0)).run(program)
    (note,) = caught.value.__notes__
    assert "* main/pay_in#2 goes on after main/pay_in#1" in note

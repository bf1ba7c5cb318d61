"""Small programs that the tests of the command line write to files and run."""

BANK = """
import trio


class Bank:
    balance = 100


async def withdraw(bank, amount):
    seen = bank.balance
    await trio.lowlevel.checkpoint()
    bank.balance = seen - amount


async def main():
    bank = Bank()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(withdraw, bank, 10, name="ann")
        nursery.start_soon(withdraw, bank, 20, name="bob")
    assert bank.balance == 70, f"balance is {bank.balance}, expected 70"
"""

SOUND = """
import trio


async def step():
    await trio.lowlevel.checkpoint()


async def main():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(step)
        nursery.start_soon(step)
"""

CROSSED_LOCKS = """
import trio


async def move(first, second):
    async with first:
        await trio.lowlevel.checkpoint()
        async with second:
            pass


async def main():
    a, b = trio.Lock(), trio.Lock()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(move, a, b, name="left")
        nursery.start_soon(move, b, a, name="right")
"""

ORDERS = """
import trio


async def write(order, number):
    await trio.lowlevel.checkpoint()
    order.append(number)


async def main():
    order = []
    async with trio.open_nursery() as nursery:
        for number in range(3):
            nursery.start_soon(write, order, number)
    assert order[0] != 2, "the third was first"
    assert order[2] != 0, "the first was last"
"""

LEDGER = """
from typing import NamedTuple

import trio

from raceexplore import World
from raceexplore.sim.eventlog import EventLog


class Moved(NamedTuple):
    amount: int


class Bank(NamedTuple):
    balance: int


def moved(bank, event):
    return Bank(bank.balance + event.amount)


async def withdraw(log, amount):
    if log.state.balance >= amount:
        await trio.lowlevel.checkpoint()
        log.append(Moved(-amount))


async def main(world: World):
    log = EventLog(moved, Bank(0), name="bank")
    log.append(Moved(50))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(withdraw, log, 30, name="ann")
        nursery.start_soon(withdraw, log, 40, name="bob")
    assert log.state.balance >= 0, f"balance is {log.state.balance}"
"""

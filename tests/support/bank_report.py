"""A lost update that the reports are tested with."""

from __future__ import annotations

import linecache
from pathlib import Path

from raceexplore import Deviation, Replay, Run, Schedule, Settings, run_once
from raceexplore.search.programs.load import load_program

BANK = """\
import trio

class Account:
    def __init__(self):
        self.balance = 0

async def audit(amount):
    await trio.lowlevel.checkpoint()

async def deposit(account, amount):
    seen = account.balance
    await audit(amount)
    account.balance = seen + amount

async def idle():
    await trio.sleep(0.5)

async def main():
    account = Account()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(deposit, account, 10, name="ann")
        nursery.start_soon(deposit, account, 20, name="bob")
        nursery.start_soon(idle)
    assert account.balance == 30, f"balance is {account.balance}"
"""
PREEMPT = Schedule((Deviation("task", "main/ann", 1, "main/bob"),))


def failing(path: Path, text: str, schedule: Schedule = PREEMPT) -> Run:
    """Write ``text`` to ``path`` and run it on ``schedule``."""
    path.write_text(text, encoding="utf-8")
    linecache.checkcache()
    return run_once(load_program(str(path)), Replay(schedule), settings=Settings())

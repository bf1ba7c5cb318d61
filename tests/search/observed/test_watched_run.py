"""What a task's variables held after each event, without running the program's code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from raceexplore import Deviation, Schedule, Settings
from raceexplore.search.observed.outline import outline
from raceexplore.search.observed.watched_run import watched_run
from raceexplore.search.programs.load import load_program

BANK = """
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

async def main():
    account = Account()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(deposit, account, 10, name="ann")
        nursery.start_soon(deposit, account, 20, name="bob")
    assert account.balance == 30
"""


class Hostile:
    """Fails as soon as any of its code runs."""

    def __init__(self) -> None:
        object.__getattribute__(self, "__dict__")["colour"] = "red"

    def __repr__(self, *name: str) -> str:
        raise SystemError("ran")

    __str__ = __hash__ = __getattribute__ = __repr__  # type: ignore[assignment]

    @property
    def __class__(self) -> Any:
        raise SystemError("ran")


class Number(int):
    def __repr__(self) -> str:
        raise SystemError("ran")


class Meta(type):
    def __getattribute__(cls, name: str) -> Any:
        raise SystemError("ran")


def made() -> Any:
    """Return a class whose every attribute fails; as a global it would fail pytest's plugins."""

    class Made(metaclass=Meta):
        pass

    return Made


def test_the_chain_after_each_event_holds_the_variables_of_the_program(tmp_path: Path) -> None:
    path = tmp_path / "bank.py"
    path.write_text(BANK)
    preempt = Schedule((Deviation("task", "main/ann", 1, "main/bob"),))
    watched = watched_run(load_program(str(path)), preempt, settings=Settings())

    told = [
        [(f.site.function, f.site.line, dict(f.variables)) for f in chain if f.own]
        for chain in watched.chains
    ]
    assert [event.task for event in watched.run.events] == [
        "main", "main/ann", "main/bob", "main/bob", "main/ann", "main",
    ]  # fmt: skip
    assert watched.skipped == 0
    account = {"account": "Account(balance=0)"}
    assert told[0] == [("main", 18, {**account, "nursery": "Nursery"})]
    assert told[1] == [
        ("deposit", 13, {**account, "amount": "10", "seen": "0"}),
        ("audit", 9, {"amount": "10"}),
    ]
    assert told[2][0] == ("deposit", 13, {**account, "amount": "20", "seen": "0"})
    assert told[3:] == [[], [], []]  # each has ended


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x" * 1_000, "'" + "x" * 78 + "…"),
        pytest.param(10**5_000, "int of 16610 bits", id="a huge int"),
        ([1, [2, [3]]], "list(1, list(2, list of 1))"),
        (list(range(9)), "list(0, 1, 2, 3, 4, 5, … 3 more)"),
        ({"b", "a"}, "set('a', 'b')"),
        ({str(n) for n in range(7)}, "set of 7"),
    ],
)
def test_an_outline_is_short(value: object, text: str) -> None:
    assert outline(value) == text


def test_an_outline_runs_no_code_of_the_program() -> None:
    assert outline(Hostile()) == "Hostile(colour='red')"
    assert outline({"k": Hostile()}) == "dict('k': Hostile(colour='red'))"
    assert outline(Number(3)) == "Number"
    assert outline(made()) == "class Made"

"""The first observed run is like every other: what a program loads at first use is there before."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from raceexplore import Limits, Replay, Settings, explore
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.search.programs.load import load_program
from raceexplore.toolbox import trace_key

STOCK = "class Stock:\n    def __init__(self): self.left = 2\n"
PROGRAM = """
import trio

loaded = {}


def stock():
    if "stock" not in loaded:
        import late_stock
        loaded["stock"] = late_stock.Stock
    return loaded["stock"]()


async def main():
    shop = stock()

    async def buy():
        left = shop.left
        await trio.lowlevel.checkpoint()
        shop.left = left - 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(buy, name="ann")
        nursery.start_soon(buy, name="bob")
"""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "late_stock.py").write_text(STOCK)
    (tmp_path / "late_shop.py").write_text(PROGRAM)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return str(tmp_path / "late_shop.py")


def test_the_first_observed_run_touches_what_the_second_does(path: str) -> None:
    program = load_program(path, ["late_stock"])
    first, second = (
        observed_run(program, Replay(), limits=Limits(), settings=Settings()) for _ in range(2)
    )
    assert [e.accesses for e in first.events] == [e.accesses for e in second.events]
    assert trace_key(first.events) == trace_key(second.events)


def test_a_proof_counts_each_class_once(path: str) -> None:
    proof = explore(load_program(path, ["late_stock"]), scheduler="dpor", stop="never")
    assert (proof.complete, proof.runs, proof.classes) == (True, 4, 4)
    assert proof.certificate[0].startswith("all 4 trace classes explored")

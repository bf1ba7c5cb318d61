"""Campaigns that are shared among processes, and compared with those that are not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from raceexplore import Campaign, Program, explore
from raceexplore.report.files.as_json import campaign_value
from raceexplore.search.processes import jobs, workers
from raceexplore.search.programs.load import load_program

BUDGET = 120  # of which the last 56 are in rounds of more than one run
Written = Callable[[str], Program]

# A fork knows by its number that it is not the process that has loaded the program.
PRELUDE = """
import ctypes, os, signal
from pathlib import Path
import trio

HERE = Path(__file__).parent
DRIVER = os.getpid()


async def note(order, name):
    for _ in range(3):
        await trio.sleep(0)
        order.append(name)


async def drawn():
    order = []
    async with trio.open_nursery() as nursery:
        for name in "abc":
            nursery.start_soon(note, order, name)
    return "".join(order)


def in_a_worker():
    return os.getpid() != DRIVER
"""
RARE = """
async def main():
    assert await drawn() != "cbcabacba"
"""
SEES = """
import time

async def main(world):
    order = await drawn()
    world.sometimes("c first", order[0] == "c")
    world.sometimes("d first", order[0] == "d")
    if order[-1] == "a":
        time.sleep(1)
    if order[-3:] == "bbb":
        raise ValueError(order[0])
    assert order[-3:] != "ccc"
"""


def writer(folder: Path) -> Written:
    """Return what loads a program that is written as a file in ``folder``."""

    def load(text: str) -> Program:
        (folder / "shared_program.py").write_text(PRELUDE + text, encoding="utf-8")
        return load_program(str(folder / "shared_program.py"))

    return load


def share_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let even the shortest campaign be shared, in many small units."""
    monkeypatch.setattr(jobs, "AFTER_S", 0)
    monkeypatch.setattr(workers, "WORTH_S", 0)
    monkeypatch.setattr(workers, "UNIT_S", 0.003)


def told(campaign: Campaign) -> dict[str, Any]:
    """Return all that a campaign says, less the seconds."""
    value = campaign_value(campaign)
    del value["seconds"]
    for name in ("stopped", "cut", "unseen", "covered", "certificate", "never", "warnings"):
        value[name] = getattr(campaign, name)
    value["found"] = [
        (f.fingerprint, f.first_run, f.count, f.original.schedule, f.original.digest, f.in_passes)
        for f in campaign.failures
    ]
    return value


def alike(program: Program, *, counts: tuple[int, ...] = (1, 2, 3), **asked: Any) -> Campaign:
    """Explore with each number of jobs; return the campaign, which is the same for all."""
    asked = {"budget": BUDGET, "stop": "never", "shrink": False, **asked}
    alone, *others = [explore(program, jobs=count, **asked) for count in counts]
    expected = told(alone)
    for found in map(told, others):
        differ = {n: (v, expected[n]) for n, v in found.items() if v != expected[n]}
        assert not differ, differ
    return alone

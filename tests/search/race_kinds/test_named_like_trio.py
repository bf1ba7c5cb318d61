"""A class of the program's own is told of by what it is, whatever it is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from raceexplore import explore
from raceexplore.report.story.race_words import told
from raceexplore.search.programs.load import load_program
from raceexplore.search.race_kinds.race_of import race_of

PROGRAM = """
import trio

class NAME:
    def __init__(self):
        self.value = 0

    async def add(self):
        seen = self.value
        await trio.lowlevel.checkpoint()
        self.value = seen + 1

async def main():
    shared = NAME()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(shared.add)
        nursery.start_soon(shared.add)
    assert shared.value == 2
"""
NAMES = (
    *("Lock", "StrictFIFOLock", "Condition", "Semaphore", "CapacityLimiter", "Event", "Nursery"),
    *("CancelScope", "MemoryChannelState", "MemorySendChannel", "ParkingLot", "Task", "RunVar"),
)


def story(name: str, folder: Path) -> str:
    path = folder / "shared.py"
    path.write_text(PROGRAM.replace("NAME", name))
    campaign = explore(load_program(str(path)), budget=50)
    found = campaign.failures[0]
    race = race_of(found.run, found.why)
    assert race is not None
    return f"{race.kind}: {told(found.run, race)}".replace(name, "Counter")


@pytest.mark.parametrize("name", NAMES)
def test_a_class_named_like_one_of_trios_is_told_of_as_any_other(name: str, tmp_path: Path) -> None:
    assert story(name, tmp_path) == story("Counter", tmp_path)

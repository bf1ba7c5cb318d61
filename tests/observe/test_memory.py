"""What is remembered of classes does not grow with the runs: a program may make some in each."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from raceexplore import explore
from raceexplore.observe.effects import by_class_of_object as classes
from raceexplore.observe.effects import remember as by_class
from raceexplore.observe.ledger import naming
from raceexplore.search.programs.load import load_program

PROGRAM = """
import trio

async def main():
    class Box:
        def __init__(self):
            self.value = 0

    box = Box()

    async def add():
        box.value += 1
        await trio.lowlevel.checkpoint()
        box.value += 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(add)
        nursery.start_soon(add)
"""
MOST = 60


def test_classes_that_each_run_makes_go_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "boxes.py").write_text(PROGRAM)
    monkeypatch.setattr(by_class, "CLASSES_MAX", MOST)
    program = load_program(str(tmp_path / "boxes.py"))
    assert explore(program, scheduler="pos", budget=4 * MOST).completed_runs == 4 * MOST
    gc.collect()
    alive = [kind for kind in gc.get_objects() if type(kind) is type and kind.__name__ == "Box"]
    assert 0 < len(alive) <= MOST + 1
    for known in (classes.effects, naming._shapes, naming.is_plain, naming.is_class):
        assert len(known) <= MOST

"""A program of several modules that store each other's variables: what dpor must not overlook."""

from __future__ import annotations

from pathlib import Path

import pytest

from raceexplore import explore
from raceexplore.search.programs.load import load_program

STATE = "flag = 0\ndef get():\n    return flag\n"
SETTING = """
import state
async def setter():
    state.flag = 1
def reset():
    state.flag = 0
"""
MODEL = """
import trio
import state
{early}
async def main(world):
    {late}
    setting.reset()
    seen = []
    async def reader():
        seen.append(state.get())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(reader)
        nursery.start_soon(setting.setter)
    assert seen == [0]
"""
SETATTR = "async def main(world):\n    setattr(world, 'a' + str(1), 0)\n"
HOOKED = """
import trio
class C:
    LOG = []
    def __setattr__(self, name, value):
        C.LOG.append(name)
        object.__setattr__(self, name, value)
async def main(world):
    c = C()
    C.LOG.clear()
    async def store(name):
        c.a = name
    async with trio.open_nursery() as nursery:
        nursery.start_soon(store, 1)
        nursery.start_soon(store, 2)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "state.py").write_text(STATE)
    (tmp_path / "setting.py").write_text(SETTING)
    return tmp_path


def test_a_module_loaded_later_stores_a_variable_that_an_earlier_one_reads(folder: Path) -> None:
    (folder / "model.py").write_text(MODEL.format(early="import setting", late=""))
    found = explore(load_program(str(folder / "model.py")), scheduler="dpor", explain=False)
    assert found.failures


def test_a_store_by_a_module_that_is_imported_when_all_ran_is_no_proof(folder: Path) -> None:
    (folder / "model.py").write_text(MODEL.format(early="", late="import setting"))
    found = explore(load_program(str(folder / "model.py")), scheduler="dpor", explain=False)
    assert any("assignment to module.flag" in line for line in found.certificate)


def test_what_is_seen_of_a_program_does_not_hang_on_those_loaded_before(tmp_path: Path) -> None:
    told = []
    for name, source in [("hooked", HOOKED), ("storing", SETATTR), ("hooked_again", HOOKED)]:
        path = tmp_path / f"{name}.py"
        path.write_text(source)
        told.append(explore(load_program(str(path)), scheduler="dpor").certificate)
    assert told[0] == told[2]

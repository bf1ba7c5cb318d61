"""A variable that inner functions use is called by the function that it belongs to."""

from __future__ import annotations

import linecache
from pathlib import Path

import pytest

from raceexplore import Limits, Replay, Settings
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.search.programs.load import load_program

HEAD = """
import trio

point = trio.lowlevel.checkpoint


async def both(*tasks):
    async with trio.open_nursery() as nursery:
        for task in tasks:
            nursery.start_soon(task)
"""
FUNCTIONS = ("main", "sale", "sells", "variable")
PROGRAMS = {
    "of the function that binds it": (
        """
async def main():
    left = 2
    async def buys():
        nonlocal left
        async def really():
            nonlocal left
            left -= 1
        await really()
    await both(buys, buys)
""",
        ["main.left"],
    ),
    "of a second call": (
        """
async def sale():
    left = 2
    async def buys():
        nonlocal left
        left -= 1
    await both(buys, buys)

async def main():
    await sale()
    await sale()
""",
        ["sale#2.left", "sale.left"],
    ),
    "a container and a lock, though they are not assigned again": (
        """
async def main():
    sold, lock = {}, trio.Lock()
    async def buys():
        async with lock:
            sold["a"] = 1
    await both(buys, buys)
""",
        ["main.lock.(free)", "main.lock.(queue)", "main.sold['a']"],
    ),
    "of a method": (
        """
class Shop:
    async def sells(self):
        left, __hidden = 2, 0
        async def buys():
            nonlocal left, __hidden
            left, __hidden = left - 1, 1
        await both(buys, buys)

async def main():
    await Shop().sells()
""",
        ["sells._Shop__hidden", "sells.left"],
    ),
    "in a lambda and a comprehension": (
        """
async def main():
    left = 2
    async def buys():
        nonlocal left
        left = (lambda: [left - n for n in (1,)][0])()
    await both(buys, buys)
""",
        ["main.left"],
    ),
    "hidden by one of the same name": (
        """
async def main():
    left = 0
    async def sale():
        left = 2
        async def buys():
            nonlocal left
            left -= 1
        await both(buys, buys)
    await sale()
    def later():
        nonlocal left
        left = 1
    later()
""",
        ["main.left", "sale.left"],
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_variable_is_called_by_its_function(tmp_path: Path, name: str) -> None:
    text, expected = PROGRAMS[name]
    path = tmp_path / "shop.py"
    path.write_text(HEAD + text)
    linecache.checkcache()
    program = load_program(str(path))
    run = observed_run(program, Replay(), limits=Limits(), settings=Settings(), values=True)
    labels = {access.label for event in run.events for access in event.accesses}
    assert sorted(label for label in labels if label.startswith(FUNCTIONS)) == expected

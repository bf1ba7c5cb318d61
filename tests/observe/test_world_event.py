"""`World.event` shows its values: whoever changes them meanwhile is in its way."""

from __future__ import annotations

from pathlib import Path

import pytest

from raceexplore import explore
from raceexplore.search.programs.load import load_program

HEAD = """
import trio


class Box:
    def __init__(self):
        self.items = []

    def append(self, item):
        self.items.append(item)

    def __repr__(self):
        return f"Box({self.items})"


async def main(world):
    box = BOX

    async def looks():
        world.event("seen", box=box)

    async def adds():
        box.append(1)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(looks)
        nursery.start_soon(adds)
"""


@pytest.mark.parametrize("box", ["[]", "Box()", "[Box()][0]"])
def test_what_an_event_shows_is_read_by_it(box: str, tmp_path: Path) -> None:
    path = tmp_path / "shows.py"
    path.write_text(HEAD.replace("BOX", box), encoding="utf-8")
    found = explore(load_program(str(path)), scheduler="prove", budget=100)
    assert (found.complete, found.classes, found.relative) == (True, 2, ())

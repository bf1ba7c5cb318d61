"""Programs that hide what they share, each in its own way: no proof may overlook it.

Each is called what is right to say of it: ``exact``, where dpor must find what dfs finds, or
``relative``, where its certificate must say that it is; ``drawn``, where it must say that it has
tried one value of what is drawn, of which dfs tries several.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from raceexplore import explore
from raceexplore.kernel.fence.guard import guarded
from raceexplore.search.programs.load import load_program
from sweeps import complaints

FOLDER = Path(__file__).parent.parent / "support" / "adversaries"
HEAD = "import trio\nPOINT = trio.lowlevel.checkpoint\nR = {}\n"
TAIL = """
async def main(world):
    R.clear()
    fresh()
    async with trio.open_nursery() as nursery:
        for task in TASKS:
            nursery.start_soon(task)
    world.event("end", result=repr(result()))
"""
TEXTS = [path.read_text() for path in sorted(FOLDER.glob("*.txt"))]
PARTS = [
    part for text in TEXTS for part in re.split(r"^### (\w+) (\w+)\n", text, flags=re.MULTILINE)[1:]
]
ADVERSARIES = list(zip(PARTS[::3], PARTS[1::3], PARTS[2::3], strict=True))


@pytest.mark.parametrize(
    ("name", "kind", "source"), ADVERSARIES, ids=[name for name, *_ in ADVERSARIES]
)
def test_what_is_hidden_is_found_or_said_to_be_left_out(
    name: str, kind: str, source: str, tmp_path: Path
) -> None:
    path = tmp_path / f"hiding_{name}.py"
    path.write_text(HEAD + source + ("" if "async def main" in source else TAIL))
    with guarded():
        program = load_program(str(path))
        wrong, reduced = complaints(program)
        told = explore(program, scheduler="dpor").certificate if kind == "drawn" else ()
    if kind == "exact":
        assert (wrong, reduced.opaque) == ([], 0)
        assert reduced.blocked <= 1
    elif kind == "drawn":
        assert any("neutral draw" in words for words in told)
        assert reduced.opaque == 0
    else:
        assert kind == "relative"
        assert reduced.opaque > 0

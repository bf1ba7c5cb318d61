"""The program's imports say which runtime it is for; a setting overrides, and a seed carries it."""

from __future__ import annotations

from pathlib import Path

import pytest

from raceexplore import Replay, run_once
from raceexplore.kernel.program import Settings
from raceexplore.kernel.seed import decode
from raceexplore.search.programs.load import load_program

BODY = "async def main():\n    pass\n"


@pytest.mark.parametrize(
    ("source", "runtime"),
    [
        ("import trio\n", "trio"),
        ("import asyncio\n", "asyncio"),
        ("from asyncio import sleep\n", "asyncio"),
        ("import anyio\n", "trio"),
        ("import asyncio, anyio\n", "asyncio"),
        ("import asyncio, trio\n", "trio"),
        ("", "trio"),
    ],
)
def test_imports_name_the_runtime(source: str, runtime: str, tmp_path: Path) -> None:
    file = tmp_path / f"program_{len(source)}.py"
    file.write_text(source + BODY)
    assert load_program(str(file)).runtime == runtime


def test_a_setting_overrides_and_the_seed_carries_it(tmp_path: Path) -> None:
    file = tmp_path / "either.py"
    file.write_text("import anyio\n\nasync def main():\n    await anyio.sleep(1)\n")
    scheduler = Replay()
    scheduler.begin()
    run = run_once(load_program(str(file)), scheduler, settings=Settings(runtime="asyncio"))
    assert (run.outcome, run.virtual_s) == ("passed", 1)
    assert decode(run.seed).settings.runtime == "asyncio"


def test_a_file_that_runs_its_program_when_it_is_imported_is_explored(tmp_path: Path) -> None:
    file = tmp_path / "starts.py"
    file.write_text("import asyncio\n\nasync def start():\n    pass\n\nasyncio.run(start())\n")
    program = load_program(str(file))
    assert (program.name.rpartition(":")[2], program.runtime) == ("start", "asyncio")

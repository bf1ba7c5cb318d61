"""Where tasks stand that wait inside an installed library: told by the user's own lines."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from raceexplore import explore
from raceexplore.report.story.words import shown_path
from raceexplore.report.terminal.text import failure_report
from raceexplore.search.programs.load import load_program

LIBRARY = """
import trio

class Pool:
    def __init__(self):
        self.a, self.b = trio.Lock(), trio.Lock()

    async def take(self, first, second):
        async with first:
            await trio.lowlevel.checkpoint()
            async with second:
                pass
"""
PROGRAM = """
import trio
import poollib

async def ann(pool):
    await pool.take(pool.a, pool.b)

async def bob(pool):
    await pool.take(pool.b, pool.a)

async def main():
    pool = poollib.Pool()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ann, pool, name="ann")
        nursery.start_soon(bob, pool, name="bob")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    installed = tmp_path / "lib" / "site-packages"
    installed.mkdir(parents=True)
    (installed / "poollib.py").write_text(LIBRARY)
    (tmp_path / "poolmain.py").write_text(PROGRAM)
    monkeypatch.syspath_prepend(installed)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name in ("poollib", "poolmain"):
        sys.modules.pop(name, None)


def report(observe: list[str]) -> list[str]:
    found = explore(load_program("poolmain.py", observe), budget=200).failures[0]
    return [line.plain for line in failure_report(found.run, 100, found)]


def test_a_wait_in_a_library_is_told_by_the_users_own_line(folder: Path) -> None:
    told = report([])
    assert "  ann waits at poolmain.py:6 for a Lock in poollib.py:11, held by bob" in told
    assert "      await pool.take(pool.a, pool.b)" in told
    assert any(line.rstrip().endswith("6  await pool.take(pool.a, pool.b)") for line in told)
    assert not any("async with second" in line for line in told)
    assert (
        "--observe poollib: show the lines of poollib, and what is read and written there" in told
    )


def test_an_observed_library_is_told_by_its_lines(folder: Path) -> None:
    told = report(["poollib"])
    assert "  ann waits at poollib.py:11 for a Lock, held by bob" in told
    assert "      async with second:" in told
    assert not any("--observe" in line for line in told)


def test_installed_files_are_told_as_python_imports_them() -> None:
    assert shown_path("/x/lib/python3.11/site-packages/httpcore/_sync/http11.py") == (
        "httpcore/_sync/http11.py"
    )
    assert shown_path("/usr/lib/python3/dist-packages/yaml.py") == "yaml.py"

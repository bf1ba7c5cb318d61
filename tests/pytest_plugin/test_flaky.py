"""``raceexplore flaky``: tests of other async plugins, as they are, with their fixtures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from raceexplore.cli.flaky import explored

POOL = """
import asyncio
import unittest

import pytest
import pytest_asyncio


class Pool:
    def __init__(self):
        self.free = 1

    async def checkout(self):
        if self.free:
            await asyncio.sleep(0)
            self.free -= 1


@pytest_asyncio.fixture
async def pool():
    made = Pool()
    yield made
    made.free = None


@pytest.fixture
def plain():
    return Pool()


async def both(pool):
    first = asyncio.create_task(pool.checkout())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await asyncio.wait([first, asyncio.create_task(pool.checkout())])
    assert pool.free == 0


@pytest.mark.asyncio
async def test_async_fixture(pool):
    await both(pool)


@pytest.mark.anyio
async def test_anyio(plain):
    await both(plain)


@pytest.mark.asyncio
async def test_no_choice(plain):
    assert plain.free == 1


class TestIsolated(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.pool = Pool()

    async def test_it(self):
        await both(self.pool)
"""
TRIO = """
import pytest
import trio


@pytest.fixture
async def box():
    yield {"n": 0}


@pytest.mark.trio
async def test_trio(box):
    async def add():
        before = box["n"]
        await trio.sleep(0)
        box["n"] = before + 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(add)
        await trio.sleep(0)
        await trio.sleep(0)
        nursery.start_soon(add)
    assert box["n"] == 2
"""


def call(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_flaky_tests_of_every_plugin_are_found_and_one_without_a_choice_is_no_pass(
    tmp_path: Path,
) -> None:
    (tmp_path / "test_pool.py").write_text(POOL)
    (tmp_path / "test_counts.py").write_text(TRIO)
    flaky = [
        "test_pool.py::test_async_fixture",
        "test_pool.py::test_anyio",
        "test_pool.py::TestIsolated::test_it",
        "test_counts.py::test_trio",
    ]
    found = call(tmp_path, "raceexplore", "flaky", *flaky, "test_pool.py::test_no_choice")
    assert found.returncode == 1
    lines = found.stdout.splitlines()
    assert [
        line.partition(":")[0] + line.partition(":")[1] for line in lines if "FLAKY" in line
    ] == [f"FLAKY  {test.partition(':')[0]}:" for test in flaky]
    assert "NO VERDICT  test_pool.py::test_no_choice: see above; that is no pass" in lines
    assert found.stdout.count("Check-then-act: ") == 3
    assert "Lost update: add#1 read" in found.stdout


def test_a_flaky_test_that_is_pinned_fails_at_once_in_pytest(tmp_path: Path) -> None:
    test = tmp_path / "test_pool.py"
    test.write_text(POOL)
    name = "test_pool.py::test_async_fixture"
    assert call(tmp_path, "raceexplore", "flaky", name).returncode == 1
    mark = "@pytest.mark.raceexplore(budget=1)\n@pytest.mark.asyncio\nasync def test_async"
    test.write_text(POOL.replace("@pytest.mark.asyncio\nasync def test_async", mark))
    pinned = call(tmp_path, "pytest", "-q", "-p", "no:cacheprovider", name)
    assert pinned.returncode == 1
    assert "1 failed" in pinned.stdout


@pytest.mark.parametrize(
    ("ended", "together"), [((0, 0), 0), ((0, 3), 3), ((3, 1, 4), 1), ((0, 130), 130)]
)
def test_what_fails_counts_most(ended: tuple[int, ...], together: int) -> None:
    told: list[str] = []
    left = iter(ended)
    names = [f"t{number}" for number in range(len(ended))]
    assert explored(names, lambda _: next(left), told.append) == together
    assert len(told) == len(ended)

"""Tests of pytest on the command line: pytest makes their fixtures, and we do the rest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest
import trio

class Stock:
    def __init__(self):
        self.left = 1

    async def sell(self):
        if self.left:
            await trio.sleep(0)
            self.left -= 1

@pytest.fixture
def make_stock():
    return Stock

@pytest.fixture
def stock():
    return Stock()

@pytest.mark.raceexplore
async def test_sold_once(make_stock):
    stock = make_stock()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stock.sell)
        nursery.start_soon(stock.sell)
    assert stock.left >= 0, "sold twice"

@pytest.mark.raceexplore
@pytest.mark.xfail(strict=True)
async def test_known_to_fail(make_stock):
    await test_sold_once(make_stock)

@pytest.mark.raceexplore
async def test_carries_over(stock):
    await stock.sell()

@pytest.mark.parametrize("number", [1, 2])
async def test_twice(number):
    await trio.sleep(0)

def test_plain():
    pass
"""
TEST = "tests/test_stock.py::test_sold_once"
CAUSE = "Check-then-act: sell#1 read Stock.left = 1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_stock.py").write_text(TESTS, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    return tmp_path


def command(folder: Path, *words: str, keys: str = "") -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", *words]
    return subprocess.run(
        line, cwd=folder, capture_output=True, text=True, input=keys, check=False, timeout=120
    )


def rx(folder: Path, *words: str, keys: str = "") -> subprocess.CompletedProcess[str]:
    return command(folder, "raceexplore", *words, keys=keys)


def test_a_test_is_run_and_its_failure_replayed_reported_and_debugged(folder: Path) -> None:
    ended = rx(folder, "run", TEST)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert ended.stdout.startswith(f"FAIL  {TEST}  AssertionError: sold twice\n")
    assert CAUSE in ended.stdout
    (kept,) = folder.glob("corpus/*.json")
    replayed = rx(folder, "replay", str(kept.relative_to(folder)))
    assert CAUSE in replayed.stdout
    assert "reproduced exactly" in replayed.stdout
    seed = ended.stdout.partition("raceexplore replay ")[2].split()[0]
    assert rx(folder, "replay", seed).returncode == 1
    assert rx(folder, "what-if", seed).returncode == 0
    assert rx(folder, "report", seed, "--html", "page.html").stdout == "wrote page.html\n"
    assert "Stock#1.left = 1" in rx(folder, "show", seed, "--step", "2").stdout
    assert "-- event 5 of 6: main" in rx(folder, "replay", seed, "--pdb", keys="q\n").stdout


def test_what_pytest_reports_and_keeps_is_the_same(folder: Path) -> None:
    ended = command(folder, "pytest", "-q", "-W", "ignore", "tests", "-k", "sold_once or known")
    assert CAUSE in ended.stdout
    assert "1 failed, " in ended.stdout
    assert "1 xfailed" in ended.stdout
    (kept,) = folder.glob("corpus/*.json")  # what is expected to fail is not kept
    assert "test_sold_once" in kept.name
    assert CAUSE in rx(folder, "replay", str(kept.relative_to(folder))).stdout


def test_a_fixture_that_carries_state_over_is_named(folder: Path) -> None:
    told = "state that outlives a run: the fixture 'stock' changed during it"
    ended = rx(folder, "run", "tests/test_stock.py::test_carries_over")
    assert ended.returncode == 4
    assert told in ended.stderr
    in_pytest = command(folder, "pytest", "-q", "-W", "ignore", "tests", "-k", "carries")
    assert told in in_pytest.stdout


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("test_twice", "are 2 tests; name one: tests/test_stock.py::test_twice[1], "),
        ("test_plain", "explores nothing: it is no async test, and calls no race.explore(...)"),
        ("test_nothing", "is no test that pytest finds: ERROR: not found: "),
    ],
)
def test_what_is_no_test_to_explore_is_wrong_usage(folder: Path, name: str, why: str) -> None:
    ended = rx(folder, "run", f"tests/test_stock.py::{name}")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert why in ended.stderr
    assert ended.stderr.count("\n") == 1

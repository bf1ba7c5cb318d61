"""The pytest plugin beside other plugins: no test runs twice, and none runs in the wrong place."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import raceexplore

pytest_plugins = ["pytester"]

RACE = """
import pytest, sniffio, trio

{head}

with open("ran.txt", "a") as ran:
    ran.write("")

@pytest.fixture
def start():
    return 1

async def check():
    assert sniffio.current_async_library() == "trio"
    assert "raceexplore" in type(trio.lowlevel.current_clock()).__module__

@pytest.mark.raceexplore(budget=3)
async def test_race(start, world):
    assert world.now() == 0
    await trio.sleep(start)
    await check()

class TestGroup:
    @pytest.mark.raceexplore(budget=3)
    async def test_method(self, start):
        await trio.sleep(start)
        await check()
"""
OTHERS = {
    "trio": (
        "pytest_trio.plugin",
        "import pytest, trio\n@pytest.mark.trio\nasync def test_other(): await trio.sleep(0)\n",
    ),
    "asyncio": (
        "pytest_asyncio.plugin",
        "import asyncio, pytest\n@pytest.mark.asyncio\nasync def test_other(): assert asyncio\n",
    ),
    "anyio": (
        "anyio.pytest_plugin",
        "import anyio, pytest\n@pytest.mark.anyio\nasync def test_other(): await anyio.sleep(0)\n",
    ),
}
AUTOMATIC = {
    "trio": "trio_mode = true\n",
    "asyncio": "asyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n",
    "anyio": "anyio_mode = auto\n",
}


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    ours = ("-p", "raceexplore.pytest_plugin", "-p", "no:cacheprovider")
    return pytester.runpytest_subprocess(*ours, *arguments)


@pytest.fixture(autouse=True)
def _no_other_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(raceexplore.__file__).parents[1]))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)


@pytest.mark.parametrize("neighbour", sorted(OTHERS))
@pytest.mark.parametrize("how", ["automatic", "by a mark of the module"])
def test_a_race_test_runs_once_beside(pytester: pytest.Pytester, neighbour: str, how: str) -> None:
    plugin, other = OTHERS[neighbour]
    automatic = how == "automatic"
    quiet = AUTOMATIC["asyncio"].split("\n")[1] if neighbour == "asyncio" else ""
    pytester.makeini(f"[pytest]\n{AUTOMATIC[neighbour] if automatic else quiet}")
    mark = "" if automatic else f"pytestmark = pytest.mark.{neighbour}"
    pytester.makepyfile(test_race=RACE.replace("{head}", mark), test_other=other)
    result = run(pytester, "-p", plugin)
    backends = 2 if neighbour == "anyio" else 1  # anyio repeats its own tests: asyncio and trio
    result.assert_outcomes(passed=2 + backends)


def test_the_plugin_works_under_xdist_and_its_seeds_reach_the_report(
    pytester: pytest.Pytester,
) -> None:
    test = """
import pytest, trio

@pytest.mark.parametrize("wait", range(4))
@pytest.mark.raceexplore(budget=20)
async def test_race(wait):
    await trio.sleep(wait)
    assert wait != 2
"""
    pytester.makepyfile(test_many=test)
    result = run(pytester, "-p", "xdist.plugin", "-n", "2", "--junitxml=out.xml")
    result.assert_outcomes(passed=3, failed=1)
    text = (pytester.path / "out.xml").read_text()
    assert text.count('name="raceexplore.seed"') == 1
    assert result.stdout.str().count("FAIL  test_many.py::test_race[2]") == 1
    assert len(list(pytester.path.glob("corpus/*.json"))) == 1


def test_ctrl_c_ends_the_session_and_is_no_failure(pytester: pytest.Pytester) -> None:
    test = """
import pathlib, pytest, trio

@pytest.mark.raceexplore(budget=10_000_000)
async def test_long():
    pathlib.Path("started").touch()
    for _ in range(50):
        await trio.sleep(1)

def test_after():
    pass
"""
    pytester.makepyfile(test_long=test)
    command = [sys.executable, "-m", "pytest", "-p", "raceexplore.pytest_plugin", "-v"]
    session = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ)
    wait_for(pytester.path / "started")
    session.send_signal(signal.SIGINT)
    told, _ = session.communicate(timeout=60)
    assert session.returncode == pytest.ExitCode.INTERRUPTED
    assert "KeyboardInterrupt" in told
    assert "failed" not in told
    assert "test_after" not in told.replace("collected", "")


def wait_for(path: Path) -> None:
    for _ in range(600):
        if path.exists():
            return
        time.sleep(0.1)
    raise AssertionError(f"{path} did not appear within a minute")


def test_hypothesis_options_and_its_replay_lines_work(pytester: pytest.Pytester) -> None:
    test = """
import trio
from hypothesis import given, settings, strategies as st
from raceexplore.hypothesis import Schedule, profile, schedules

{extra}

async def swap(start):
    seen = [start]

    async def task(name):
        before = len(seen)
        await trio.lowlevel.checkpoint()
        seen.append(name)
        assert len(seen) == before + 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(task, 1)
        nursery.start_soon(task, 2)

{decorator}
@settings(profile(), max_examples=200, print_blob=True, database={database})
@given(schedule=schedules(), start=st.integers(0, 9))
def test_swap(schedule, start):
    schedule.run(swap, start)
"""

    def told(decorator: str = "", extra: str = "", database: str = "None") -> str:
        parts = {"{decorator}": decorator, "{extra}": extra, "{database}": database}
        text = test
        for name, value in parts.items():
            text = text.replace(name, value)
        pytester.makepyfile(test_swap=text)
        seeded = ("-p", "_hypothesis_pytestplugin", "--hypothesis-seed=7")
        result = run(pytester, *seeded)
        result.assert_outcomes(failed=1)
        assert "trio" not in result.stderr.str()
        return result.stdout.str()

    first = told()
    assert line(first, "schedule=Schedule(") == line(told(), "schedule=Schedule(")
    blob = line(first, "You can reproduce").split("adding ")[1].split(" as a")[0]
    again = told(blob, "from hypothesis import reproduce_failure")
    assert (
        line(again, "schedule=Schedule(")
        == line(first, "schedule=Schedule(")
        == "schedule=Schedule((1, 0)),"
    )
    example = "@example(schedule=Schedule((1, 0)), start=0)"
    explicit = told(example, "from hypothesis import example")
    assert "FAIL  test_swap:swap" in explicit


def line(text: str, start: str) -> str:
    """Return the first line of ``text`` with ``start``, from there on."""
    return next(f"{start}{row.partition(start)[2]}" for row in text.splitlines() if start in row)

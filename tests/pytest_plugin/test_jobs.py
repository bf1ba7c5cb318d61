"""The pytest plugin's --race-jobs: the runs of one test in several processes."""

from __future__ import annotations

from pathlib import Path

import pytest

import raceexplore

pytest_plugins = ["pytester"]

TEST = """
import pytest, trio

@pytest.fixture
def names():
    return "abcd"

async def note(order, name):
    for _ in range(3):
        await trio.sleep(0)
        order.append(name)

@pytest.mark.raceexplore(budget=3000, scheduler="random", entropy=4)
async def test_order(names):
    order = []
    async with trio.open_nursery() as nursery:
        for name in names:
            nursery.start_soon(note, order, name)
    assert "".join(order)[:5] != "ddcba"
"""


def test_the_runs_of_a_test_can_be_shared_among_processes(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(raceexplore.__file__).parents[1]))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(test_it=TEST)
    ours = ("-p", "raceexplore.pytest_plugin", "-p", "no:cacheprovider", "--race-no-corpus")
    told = []
    ways = [["--race-jobs=1"], ["--race-jobs=2"], ["-orace_jobs=auto"]]
    for way in [*ways, ["--race-jobs=2", "-p", "xdist.plugin", "-n", "1"]]:
        result = pytester.runpytest_subprocess(*ours, *way)
        result.assert_outcomes(failed=1)
        told.append([line for line in result.outlines if "--race-replay=" in line])
    assert told[0]
    assert told == [told[0]] * 4

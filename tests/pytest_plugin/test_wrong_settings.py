"""What the plugin and the strategy say to input that means nothing."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
import trio
from hypothesis import given, settings

import raceexplore
from raceexplore import BadOption, BadProgram, explore
from raceexplore.hypothesis import Schedule, schedules
from raceexplore.pytest_plugin.settings import settled

pytest_plugins = ["pytester"]

TEST = """
import pytest, trio

@pytest.mark.raceexplore
async def test_race():
    await trio.sleep(1)

def sync():
    pass

def test_sync(race):
    race.explore(sync)
"""


@pytest.fixture(autouse=True)
def _no_other_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(raceexplore.__file__).parents[1]))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    pytester.makepyfile(test_it=TEST)
    ours = ("-p", "raceexplore.pytest_plugin", "-p", "no:cacheprovider")
    return pytester.runpytest_subprocess(*ours, *arguments)


WRONG = {
    "--race-budget=0": "the budget must be at least 1 run, not 0",
    "--race-scheduler=ptc": "no scheduler 'ptc' (did you mean 'pct'?)",
    "--race-time=slow": "time is 'strict' or 'elastic', not 'slow'",
    "--race-order=no": "order is 'any' or 'passes', not 'no'",
    "--race-replay=hello": "not a raceexplore seed: it starts with 'hello'",
    "--race-jobs=some": "jobs is a number from 1, or 'auto', not 'some'",
    "-orace_budget=many": "budget is a whole number, not 'many'",
}


@pytest.mark.parametrize("option", WRONG)
def test_a_wrong_option_is_wrong_usage_before_any_test_is_run(
    pytester: pytest.Pytester, option: str
) -> None:
    result = run(pytester, option)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: raceexplore: {WRONG[option]}" in result.stderr.str()
    assert "Traceback" not in result.stderr.str() + result.stdout.str()


@pytest.mark.parametrize("seed", ["hello", "of another test"])
def test_a_wrong_seed_under_xdist_is_no_crash(pytester: pytest.Pytester, seed: str) -> None:
    if seed == "of another test":
        found = explore(_fails, budget=1).failures
        seed = found[0].run.seed
    result = run(pytester, "-p", "xdist.plugin", "-n", "2", f"--race-replay={seed}")
    told = result.stderr.str() + result.stdout.str()
    assert "INTERNALERROR" not in told
    assert result.ret in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED)


async def _fails() -> None:
    raise ValueError


def test_a_program_that_is_not_async_is_no_failure_to_keep(pytester: pytest.Pytester) -> None:
    result = run(pytester)
    result.assert_outcomes(passed=1, failed=1)
    assert "test_it.py::test_sync is no async function" in result.stdout.str()
    assert not (pytester.path / "corpus").exists()


def test_the_command_line_goes_before_the_test_and_the_test_before_the_ini_file() -> None:
    line = {"budget": 3, "time": None, "scheduler": None}
    own = {"budget": 4, "steps": 50, "time": "elastic"}
    ini = {"budget": "5", "scheduler": "pct", "time": "strict", "order": ""}
    asked = settled(line, own, ini)
    assert (asked["budget"], asked["scheduler"], asked["limits"].steps) == (3, "pct", 50)
    assert (asked["settings"].time, asked["settings"].order) == ("elastic", "any")
    assert settled({}, {}, ini)["budget"] == 5


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({"budget": "many"}, "budget is a whole number, not 'many'"),
        ({"budget": 2.5}, r"budget is a whole number, not 2\.5"),
        ({"steps": [1]}, r"steps is a whole number, not \[1\]"),
        ({"wall_s": "long"}, "wall_s is a number, not 'long'"),
        ({"bugdet": 5}, "no option 'bugdet'; there are budget, "),
    ],
)
def test_what_a_test_cannot_ask_is_told_in_words(own: dict[str, Any], message: str) -> None:
    with pytest.raises(BadOption, match=message):
        settled({}, own, {})


async def nothing() -> None:
    await trio.lowlevel.checkpoint()


def sync(first: int = 0) -> None:
    pass


def test_what_a_schedule_cannot_run_is_told_in_words() -> None:
    with warnings.catch_warnings(action="error"):
        with pytest.raises(BadProgram, match=r"give run the function .*: run\(nothing, \.\.\.\)"):
            Schedule().run(nothing())  # type: ignore[arg-type]
        with pytest.raises(
            BadProgram, match="run takes an async function and its arguments, not 5"
        ):
            Schedule().run(5)  # type: ignore[arg-type]
        for arguments in ((), (1,)):
            with pytest.raises(BadProgram, match=r"wrong_settings:sync is no async function"):
                Schedule().run(sync, *arguments)  # type: ignore[arg-type]
    with pytest.raises(BadProgram, match="sync is no async function"):
        explore(sync, budget=3)


def test_a_type_error_of_the_program_itself_is_its_failure() -> None:
    async def adds() -> None:
        len(5)  # type: ignore[arg-type]

    def calls() -> Any:
        return len(5)  # type: ignore[arg-type]

    for program in (adds, calls):
        [found] = explore(program, budget=3).failures
        assert found.kind == "TypeError"


@pytest.mark.parametrize("wrong", [5, (1.5, 0), (1,), (1, -1), (1, "a"), None])
def test_what_is_no_pair_is_no_schedule(wrong: Any) -> None:
    with pytest.raises(BadOption, match=r"is no \(gap, alternative\) pair: two numbers from 0"):
        Schedule(wrong)


@pytest.mark.parametrize("name", ["depth", "horizon", "latencies", "faults", "data", "sweep"])
@pytest.mark.parametrize("wrong", ["3", -1, 1.5])
def test_what_is_no_number_is_no_option_of_schedules(name: str, wrong: object) -> None:
    given: dict[str, Any] = {name: wrong}
    with pytest.raises(BadOption, match=f"{name} is a whole number from [01] on, not {wrong!r}"):
        schedules(**given)


@settings(database=None, max_examples=5)
@given(schedules(depth=0, latencies=0, faults=0, data=0))
def test_no_deviation_at_all_is_a_strategy(schedule: Schedule) -> None:
    assert schedule == Schedule()

"""The score of a command-line tool, by exploration and by running it; each test has its code."""

from __future__ import annotations

import fcntl
import json
import os
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from raceexplore import BadOption
from raceexplore.cli import call
from raceexplore.kernel.errors import BadProgram
from raceexplore.search.cli_score.command import command
from raceexplore.search.cli_score.executed import Execution
from raceexplore.search.cli_score.herd import herd
from raceexplore.search.cli_score.lock_held import LockAnswer, lock_held
from raceexplore.search.cli_score.simulated import Simulation
from raceexplore.search.cli_score.subject import subject
from raceexplore.search.cli_score.verdict import Observations, Score, judge
from raceexplore.sim.processes import Command

TOOLS = Path(__file__).resolve().parents[2] / "support" / "cli_tools"
SCORES = {"score_0": 0, "score_1": 1, "score_2": 2, "score_3": 3, "loses_updates": 3}
SESSION = {"score_3", "loses_updates"}
REASONS = {
    "score_0": {"lost-update"},
    "score_1": {"unstructured-error", "lock-not-released"},
    "score_2": {"torn-file"},
    "score_3": set[str](),
    "loses_updates": set[str](),
}


def words(name: str) -> str:
    return "config set key{n} val{n}" + (" --session-id {session}" if name in SESSION else "")


@cache
def reference(name: str) -> Observations:
    return observed(command(str(TOOLS / f"{name}.py")), words(name))


def observed(tool: Command, mutate: str = "config set key{n} val{n}") -> Observations:
    return Simulation(tool, subject(mutate, "config list"), budget=100).observe()


def check(name: str, score: Score) -> None:
    assert score.level == SCORES[name]
    assert {reason.kind for reason in score.reasons} == REASONS[name]
    flags = [flag.kind for flag in score.flags]
    assert flags == (["lost-update"] if name == "loses_updates" else [])
    if flags:
        assert score.sentence == "3 by the table, but it loses updates"


@pytest.mark.parametrize("name", SCORES)
def test_x1_each_reference_tool_has_its_score_in_the_simulation(name: str) -> None:
    score = judge(reference(name))
    check(name, score)
    if name == "loses_updates":
        calls = [line.split(maxsplit=1) for line in score.flags[0].how[1:]]
        assert [pid for pid, _ in calls].count("1002") > 5  # the schedule of two processes
        assert [pid for pid, _ in calls].count("1003") > 5
        assert score.causes == ("reads-before-the-lock",)


def really(name: str) -> Score:
    tool = f"{sys.executable} -I -S {TOOLS / name}.py "
    real = subject(tool + words(name), f"{tool} config list", is_real=True)
    return judge(Execution(real, rounds=1, patience_s=60).observe())


@pytest.mark.slow
@pytest.mark.parametrize("name", SCORES)
def test_x1_each_reference_tool_has_its_score_as_a_real_executable(name: str) -> None:
    check(name, really(name))


def load() -> dict[str, str]:
    return json.loads(Path("s.json").read_text()) if Path("s.json").exists() else {}


def settings(save: Callable[[list[str]], int]) -> Command:
    def tool(argv: list[str]) -> int:
        if argv != ["config", "list"]:
            return save(argv)
        for key, value in load().items():
            print(key, value)
        return 0

    return tool


def write(argv: list[str], draft: str) -> int:
    Path(draft).write_text(json.dumps({**load(), argv[2]: argv[3]}))
    os.replace(draft, "s.json")
    return 0


def fixed_name(argv: list[str]) -> int:
    return write(argv, "s.tmp")


def replaced(argv: list[str]) -> int:
    with open("s.json", "a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if file.tell() == 0:
            file.write("{}")
            file.flush()
        return write(argv, f"s.{os.getpid()}.tmp")


def stale_break(argv: list[str]) -> int:
    while True:
        try:
            os.close(os.open("s.lock", os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            break
        except FileExistsError:  # nobody holds it that long, it seems
            time.sleep(5)
            Path("s.lock").unlink(missing_ok=True)
    done = write(argv, f"s.{os.getpid()}.tmp")
    Path("s.lock").unlink(missing_ok=True)
    return done


@pytest.mark.parametrize(
    ("save", "cause"),
    [
        (fixed_name, "fixed-temporary-name"),
        (replaced, "lock-on-replaced-file"),
        (stale_break, "stale-lock-break"),
    ],
)
def test_x2_each_variant_is_found_within_500_schedules_and_named(
    save: Callable[[list[str]], int], cause: str
) -> None:
    simulation = Simulation(
        settings(save), subject("config set key{n} val{n}", "config list"), budget=100
    )
    score = judge(simulation.observe())
    assert cause in score.causes
    assert {f.kind for f in (*score.flags, *score.reasons)} & {"lost-update", "corruption"}
    assert simulation.runs <= 500


@pytest.mark.parametrize("name", ["score_2", "score_3"])
def test_x3_a_kill_before_any_call_leaves_no_lock_that_blocks_for_ever(name: str) -> None:
    seen = reference(name)
    assert (seen.kept, seen.endless) == (None, None)


def test_x4_the_error_is_looked_at_for_its_structure() -> None:
    whole = {"code": "LOCK_HELD", "message": "held", "retry_after_ms": 20}
    assert lock_held("", json.dumps({"error": whole}, indent=2)) == LockAnswer(20)
    assert lock_held(f"Error: {json.dumps(whole)}") == LockAnswer(20)
    assert lock_held("{} {'code': 'LOCK_HELD'} {") is None
    assert lock_held(json.dumps({**whole, "code": "BUSY"})) is None
    for wrong in ({"retry_after_ms": -1}, {"retry_after_ms": "5"}, {"retry_after_ms": True}):
        found = lock_held(json.dumps({**whole, **wrong}))
        assert found is not None
        assert "retry_after_ms" in found.wrong
    assert lock_held(json.dumps({**whole, "message": ""})) == LockAnswer(20, "it has no message")


def test_x5_a_herd_without_jitter_leaves_four_of_eight_and_with_it_hardly_any() -> None:
    plain, spread = herd(5.0, jitter=0.0), herd(5.0, jitter=0.5)
    assert (plain.failed, plain.retries) == (4.0, (7 + 6 + 5) / 4)
    assert 0.1 < spread.failed < 0.6
    assert spread.retries < 2
    assert (
        judge(reference("score_3"))
        .herd[0]
        .endswith("after 0.5 s: 6.0 fail, 10.0 retries a success")
    )


def blocks(argv: list[str]) -> int:
    with open("s.lock", "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        return write(argv, f"s.{os.getpid()}.tmp")


def test_a_lock_without_a_time_limit_is_no_more_than_a_one() -> None:
    score = judge(observed(settings(blocks)))
    assert (score.level, [reason.kind for reason in score.reasons]) == (1, ["waits-for-ever"])


def test_the_command_shows_the_calls_and_ends_with_0_only_for_a_whole_3(
    capsys: pytest.CaptureFixture[str],
) -> None:
    common = ["--mutate", "config set key{n} val{n}", "--check", "config list", "--budget", "20"]
    assert call(["cli-score", str(TOOLS / "score_3.py"), *common]) == 0
    assert capsys.readouterr().out.startswith("3: files are written whole")
    assert call(["cli-score", str(TOOLS / "score_0.py"), *common, "--format", "json"]) == 1
    value = json.loads(capsys.readouterr().out)
    assert (value["score"], value["causes"]) == (0, ["fixed-temporary-name", "no-lock"])
    assert "1002  rename settings.tmp to settings.json" in value["reasons"][0]["how"]
    for wrong in ([], ["--mutate", "x {n}"], [str(TOOLS / "score_3.py")]):
        assert call(["cli-score", "--check", "config list", *wrong]) == 2


def broken(argv: list[str]) -> int:
    return 3


def test_a_tool_that_cannot_do_one_change_is_refused() -> None:
    with pytest.raises(BadProgram, match="one change alone ends with status 3"):
        observed(broken)
    with pytest.raises(BadProgram, match="does not show changes"):
        observed(settings(lambda argv: 0))
    with pytest.raises(BadProgram, match="one change alone ends with status 1"):
        Execution(subject("false {n}", "true", is_real=True)).observe()
    with pytest.raises(BadOption, match=r"needs \{n\}"):
        subject("config set", "config list")
    with pytest.raises(BadOption, match="cannot be split"):
        subject("config '{n}", "config list")

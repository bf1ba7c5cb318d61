"""The stories of services keep their promise: bug found, wrong fixes broken, fix holds."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from raceexplore import Program, Replay, explore, run_once
from raceexplore.search.programs.load import load_program

MODELS = Path(__file__).resolve().parents[2] / "models"
# what the first failure of a story may be
KINDS = {
    "bank_transfer": ("AssertionError", "DeadlockDetected", "invariant"),
    "broadcast": ("AssertionError",),
    "cache_aside": ("AssertionError",),
    "cache_stampede": ("AssertionError",),
    "cart": ("AssertionError",),
    "cli_config": ("AssertionError",),
    "cli_lock": ("AssertionError",),
    "connection_pool": ("AssertionError",),
    "consumer_group": ("AssertionError",),
    "double_charge": ("AssertionError",),
    "election": ("invariant",),
    "failover_lock": ("AssertionError",),
    "g_counter": ("AssertionError",),
    "job_queue": ("AssertionError", "invariant"),
    "leader_lease": ("AssertionError",),
    "outbox": ("AssertionError",),
    "pipeline": ("AssertionError",),
    "rate_limiter": ("AssertionError",),
    "redlock_update": ("AssertionError",),
    "saga": ("AssertionError",),
    "stub_scenario": ("AssertionError",),
    "ticket_shop": ("AssertionError", "invariant"),
}
FILES = sorted(
    path
    for story in KINDS
    for path in (MODELS / story).glob("*.py")
    if path.name.startswith(("buggy", "fixed", "wrong_fix"))
)
HARD_TO_SHRINK = {"election/wrong_fix_late_sync.py"}  # to three deviations: two seconds
BROKEN = [path for path in FILES if not path.name.startswith("fixed")]
FIXED = [path for path in FILES if path.name.startswith("fixed")]


def name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


@cache
def program(path: Path) -> Program:
    return load_program(str(path))


@pytest.mark.parametrize("path", FILES, ids=name)
def test_on_the_default_schedule_nothing_fails(path: Path) -> None:
    run = run_once(program(path), Replay())
    assert (run.outcome, run.schedule.size) == ("passed", 0)


@pytest.mark.parametrize("path", BROKEN, ids=name)
def test_a_bug_is_found_with_default_options(path: Path) -> None:
    small = name(path) not in HARD_TO_SHRINK
    campaign = explore(program(path), budget=10_000, explain=False, shrink=small)
    assert campaign.failures[0].kind in KINDS[path.parent.name]
    assert not small or campaign.failures[0].run.schedule.size <= 6


@pytest.mark.parametrize("path", FIXED, ids=name)
def test_a_fix_holds_for_two_hundred_runs_and_is_exercised(path: Path) -> None:
    campaign = explore(program(path), budget=200, stop="never")
    assert campaign.failures == ()
    assert campaign.never == ()


@pytest.mark.parametrize("story", ["cli_config", "cli_lock"])
def test_the_fix_of_a_tool_is_proved_for_two_commands_with_a_kill_at_any_step(story: str) -> None:
    proof = explore(program(MODELS / story / "fixed.py"), scheduler="prove")
    assert (proof.complete, proof.failures, proof.inconclusive) == (True, (), "")
    assert proof.certificate == (f"all {proof.classes} trace classes explored",)


@pytest.mark.slow
@pytest.mark.parametrize("path", FIXED, ids=name)
def test_a_fix_holds_for_ten_thousand_runs(path: Path) -> None:
    campaign = explore(program(path), budget=10_000, stop="never", entropy=1)
    assert (campaign.failures, campaign.never) == ((), ())


# trace classes of the fixes whose faults the schedule places; nothing is drawn in these
PROVED = {"cart/fixed.py": 33, "outbox/fixed.py": 15, "saga/fixed.py:declined": 8}


@pytest.mark.parametrize("path", PROVED)
def test_a_fix_is_proved_wherever_the_crash_comes(path: str) -> None:
    proof = explore(load_program(str(MODELS / path)), scheduler="prove")
    assert (proof.complete, proof.failures, proof.never) == (True, (), ())
    assert proof.classes == PROVED[path]

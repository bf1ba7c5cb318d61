"""``cancel``: a task may be cancelled at any of its awaits, and nobody need write that down."""

from __future__ import annotations

from pathlib import Path

import pytest

from cancelled_programs import PROGRAMS, RUNTIMES
from raceexplore import Program, Settings, explore, replay
from raceexplore.kernel.seed import decode
from raceexplore.search.programs.load import load_program

ANYBODY = Settings(cancel="*")


def program(runtime: str, body: str, folder: Path) -> Program:
    path = folder / f"cancelled_{runtime}.py"
    path.write_text(RUNTIMES[runtime] + body)
    return load_program(str(path))


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_lost_is_found_and_shrunk_to_one_cancellation(
    name: str, runtime: str, tmp_path: Path
) -> None:
    buggy = program(runtime, PROGRAMS[name][0], tmp_path)
    campaign = explore(buggy, budget=300, settings=ANYBODY, explain=False)
    assert campaign.runs < 300
    (found,) = campaign.failures
    kinds = [(d.kind, d.at.partition(":")[2]) for d in found.run.schedule.deviations]
    assert [kind for kind in kinds if kind[0] == "fault"] in (
        [("fault", "cancel")],
        [("fault", "cancel once woken")],
    )
    again = replay(buggy, found.run.seed)
    assert again.failure is not None
    assert again.failure.fingerprint == found.fingerprint
    assert decode(found.run.seed).settings.cancel == "*"


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("name", PROGRAMS)
def test_what_is_right_stays_right_and_without_it_nobody_is_cancelled(
    name: str, runtime: str, tmp_path: Path
) -> None:
    buggy, fixed = PROGRAMS[name]
    right = explore(program(runtime, fixed, tmp_path), budget=60, settings=ANYBODY)
    assert right.failures == ()
    assert explore(program(runtime, buggy, tmp_path), budget=30).failures == ()


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_who_may_be_cancelled_is_told_by_a_pattern(runtime: str, tmp_path: Path) -> None:
    body = PROGRAMS["a write in two halves"][0]
    buggy = program(runtime, body, tmp_path)
    assert explore(buggy, budget=60, settings=Settings(cancel="nobody*")).failures == ()
    campaign = explore(buggy, budget=300, settings=Settings(cancel="t1"), explain=False)
    faults = [d.at for d in campaign.failures[0].run.schedule.deviations if d.kind == "fault"]
    assert [at.partition(":")[0] for at in faults] == ["main/t1"]


def test_a_cancellation_that_gets_out_is_no_failure_and_one_that_is_swallowed_is(
    tmp_path: Path,
) -> None:
    path = tmp_path / "gathering.py"
    path.write_text("""
import asyncio

async def work():
    await asyncio.sleep(1)

async def main():
    await asyncio.gather(work(), work())
""")
    assert explore(load_program(str(path)), budget=60, settings=ANYBODY).failures == ()
    swallowing = tmp_path / "swallowing.py"
    swallowing.write_text("""
import asyncio

async def work():
    try:
        await asyncio.sleep(1)
    except asyncio.CancelledError:
        pass

async def main():
    await asyncio.gather(work(), work())
""")
    campaign = explore(load_program(str(swallowing)), budget=100, settings=ANYBODY)
    (found,) = campaign.failures
    assert found.kind == "swallowed cancellation"
    assert "swallowing.py:6" in found.message

"""Schedules as a Hypothesis strategy: found, shrunk, replayed and reported like any other value."""

from __future__ import annotations

import random
import re
import subprocess
import sys

import pytest
import trio
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.database import InMemoryExampleDatabase
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from hunting import PHASES, QUIET, hunt, notes
from lost_update import Lost, withdraw_all
from raceexplore import World
from raceexplore.hypothesis import Schedule, profile, schedules


@pytest.mark.parametrize("sweep", [None, 0, 15])
@pytest.mark.parametrize("entropy", [1, 2, 3, 4])
def test_a_lost_update_is_found_and_shrunk_to_its_preemption_and_smallest_data(
    entropy: int, sweep: int
) -> None:
    cases, error = hunt(entropy, sweep=sweep)
    assert len(cases) < 2_000
    assert "amounts=[1, 1]" in notes(error)
    shrunk = eval(re.search(r"schedule=(Schedule\(.*\)),", notes(error))[1])  # type: ignore[index]
    assert 1 <= len(shrunk.moves) <= 2
    assert (shrunk.latencies, shrunk.faults, shrunk.data, shrunk.sweep) == ((), (), (), 0)


def test_the_next_session_fails_within_three_calls_from_the_database() -> None:
    database = InMemoryExampleDatabase()
    first, _ = hunt(0, database=database)
    again, _ = hunt(0, database=database)
    assert len(first) > 1
    assert len(again) <= 3


@pytest.mark.parametrize("entropy", [1, 2, 3])
def test_the_printed_example_fails_alone(entropy: int) -> None:
    _, error = hunt(entropy)
    call = re.search(r"test_bank\(\n(.*?)\n\)", notes(error), re.DOTALL)
    assert call is not None
    arguments = eval(f"dict({call[1]}\n)")
    with pytest.raises(Lost):
        arguments["schedule"].run(withdraw_all, arguments["amounts"])


@settings(QUIET, max_examples=100)
@given(schedules())
def test_a_schedule_is_what_its_repr_says(schedule: Schedule) -> None:
    assert eval(repr(schedule)) == schedule
    assert hash(eval(repr(schedule))) == hash(schedule)


def test_the_simplest_schedule_is_the_default_run() -> None:
    met: list[Schedule] = []

    @settings(QUIET, max_examples=1, phases=[Phase.generate])
    @given(schedules())
    def first(schedule: Schedule) -> None:
        met.append(schedule)

    first()
    assert met == [Schedule()]


def test_latencies_and_faults_are_found_and_shrunk_too() -> None:
    async def checkout(world: World) -> None:
        slow = world.pick("call", [0.1, 0.5, 9.0], kind="latency")
        failed = world.pick("call", [False, True], kind="fault")
        await trio.sleep(slow)
        assert not (failed and slow > 1)

    @seed(1)
    @settings(QUIET)
    @given(schedule=schedules())
    def test(schedule: Schedule) -> None:
        schedule.run(checkout)

    with pytest.raises(AssertionError) as caught:
        test()
    assert "schedule=Schedule(latencies=((0, 1),), faults=((0, 0),))" in notes(caught.value)


def test_random_inside_a_run_does_not_disturb_hypothesis_and_is_a_draw_of_the_schedule() -> None:
    drawn: list[float] = []

    async def program() -> None:
        drawn.append(random.random())

    @seed(1)
    @settings(QUIET, max_examples=20)
    @given(schedules())
    def test(schedule: Schedule) -> None:
        schedule.run(program)

    random.seed(1)
    state = random.getstate()
    test()
    assert random.getstate() == state
    assert 1 < len(set(drawn)) <= 20


def test_a_state_machine_runs_schedules() -> None:
    class Machine(RuleBasedStateMachine):
        @rule(schedule=schedules())
        def withdraw(self, schedule: Schedule) -> None:
            schedule.run(withdraw_all, [1, 1], 0)

    quick = settings(QUIET, derandomize=True, stateful_step_count=2, phases=PHASES)
    with pytest.raises(Lost) as caught:
        run_state_machine_as_test(Machine, settings=quick)
    assert "state.withdraw(schedule=Schedule((1, 0)))" in notes(caught.value)


def test_the_profile_keeps_what_the_user_has_set() -> None:
    mine = settings(max_examples=7, suppress_health_check=[HealthCheck.filter_too_much])
    made = profile(mine)
    assert made.max_examples == 7
    assert made.deadline is None
    assert set(made.suppress_health_check) == {HealthCheck.filter_too_much, HealthCheck.too_slow}


PROGRAM = """
import trio
from raceexplore import Settings, explore, run_once
async def program():
    async def task():
        for _ in range(5):
            await trio.lowlevel.checkpoint()
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(task)
from raceexplore import by_name
scheduler = by_name("random", entropy=3)
for _ in range(20):
    scheduler.begin()
    print(run_once(program, scheduler, record=True).digest)
"""


def test_importing_hypothesis_first_or_last_gives_the_same_schedules() -> None:
    imports = [
        "import raceexplore",
        "import hypothesis, raceexplore",
        "import raceexplore.kernel.run, hypothesis",
        "import raceexplore.hypothesis",
    ]
    told = {
        subprocess.run(
            [sys.executable, "-c", f"{line}\n{PROGRAM}"], capture_output=True, check=True
        ).stdout
        for line in imports
    }
    assert len(told) == 1
    assert len(set(told.pop().split())) > 10

"""``settings(backend="raceexplore")``: schedulers choose what a strategy of schedules draws."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys

import pytest
import trio
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.database import InMemoryExampleDatabase
from hypothesis.internal.conjecture.provider_conformance import run_conformance_test

from hunting import AMOUNTS, QUIET, hunt, notes
from lost_update import Lost, withdraw_all
from raceexplore.hypothesis import Schedule, schedules
from raceexplore.hypothesis.backend import Provider


def test_the_backend_conforms_to_hypothesis() -> None:
    quick = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
    run_conformance_test(Provider, settings=quick)


def first_failing(backend: str, entropy: int, before: int) -> int:
    """Return how many test cases it takes to find the lost update."""
    passed: list[bool] = []

    @seed(entropy)
    @settings(QUIET, phases=[Phase.generate], backend=backend, report_multiple_bugs=False)
    @given(schedule=schedules(), amounts=AMOUNTS)
    def test_bank(schedule: Schedule, amounts: list[int]) -> None:
        passed.append(False)
        schedule.run(withdraw_all, amounts, before)
        passed[-1] = True

    with pytest.raises(Lost):
        test_bank()
    return passed.index(False) + 1


@pytest.mark.parametrize("before", [4, 30, pytest.param(150, marks=pytest.mark.slow)])
def test_a_bug_of_depth_two_is_found_in_no_more_test_cases(before: int) -> None:
    median = {
        backend: statistics.median(first_failing(backend, entropy, before) for entropy in range(15))
        for backend in ("hypothesis", "raceexplore")
    }
    print(f"withdraw_all(..., before={before}): test cases to the first failing one: {median}")
    assert median["raceexplore"] <= median["hypothesis"]


@pytest.mark.parametrize("entropy", [1, 2, 3])
def test_what_is_found_shrinks_as_ever_and_fails_alone(entropy: int) -> None:
    _, error = hunt(entropy, backend="raceexplore")
    assert "amounts=[1, 1]" in notes(error)
    shrunk = eval(re.search(r"schedule=(Schedule\(.*\)),", notes(error))[1])  # type: ignore[index]
    assert 1 <= len(shrunk.moves) <= 2
    assert shrunk.sweep == 0
    with pytest.raises(Lost):
        shrunk.run(withdraw_all, [1, 1])


def test_what_is_found_is_replayed_from_the_database_with_any_backend() -> None:
    database = InMemoryExampleDatabase()
    hunt(0, backend="raceexplore", database=database)
    assert len(hunt(0, backend="raceexplore", database=database)[0]) <= 3
    assert len(hunt(0, database=database)[0]) <= 3


def test_the_same_seed_gives_the_same_cases() -> None:
    first, _ = hunt(7, backend="raceexplore", before=30)
    again, _ = hunt(7, backend="raceexplore", before=30)
    other, _ = hunt(8, backend="raceexplore", before=30)
    assert first == again != other


def test_only_deviations_are_chosen_and_they_lie_within_the_run() -> None:
    met: list[tuple[Schedule, int]] = []

    async def three_tasks() -> None:
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(trio.lowlevel.checkpoint)

    @seed(1)
    @settings(QUIET, max_examples=50, backend="raceexplore")
    @given(schedule=schedules(depth=2), number=st.integers(-5, 5))
    def test(schedule: Schedule, number: int) -> None:
        schedule.run(three_tasks)
        met.append((schedule, number))

    test()
    steered = [schedule for schedule, _ in met[2:]]  # nothing is known before
    assert all(schedule.moves for schedule in steered)
    assert all(sum(gap + 1 for gap, _ in schedule.moves) <= 7 for schedule in steered)
    assert {len(schedule.moves) for schedule in steered} == {1, 2}
    assert len({number for _, number in met}) > 8  # Hypothesis draws these, of 11


def test_no_scout_runs_what_changes_its_arguments() -> None:
    async def pay(paid: list[int]) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.lowlevel.checkpoint)
            nursery.start_soon(trio.lowlevel.checkpoint)
        paid.append(1)

    @settings(QUIET, max_examples=50, backend="raceexplore")
    @given(schedule=schedules(sweep=0))
    def test(schedule: Schedule) -> None:
        paid: list[int] = []
        schedule.run(pay, paid)
        assert paid == [1]

    test()


def test_what_a_scout_finds_is_no_failure_of_the_case_it_looks_ahead_in() -> None:
    """With one amount, nothing is lost: what scouts find with two of them is not blamed on it."""
    failing: list[int] = []

    @settings(QUIET, max_examples=200, backend="raceexplore", phases=[Phase.generate])
    @given(schedule=schedules(sweep=0), amounts=st.lists(st.just(1), min_size=1, max_size=2))
    def test(schedule: Schedule, amounts: list[int]) -> None:
        try:
            schedule.run(withdraw_all, amounts)
        except Lost:
            failing.append(len(amounts))

    test()
    assert set(failing) == {2}


def test_the_name_is_known_once_the_door_is_imported_and_costs_no_import_of_the_backend() -> None:
    code = """
import sys, hypothesis
import raceexplore.hypothesis
hypothesis.settings(backend="raceexplore")
print("raceexplore.hypothesis.backend" in sys.modules)
"""
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"

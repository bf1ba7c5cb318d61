"""A test case runs the neighbours of its schedule too, wherever nobody can tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import trio
from hypothesis import given, seed, settings, target
from hypothesis import strategies as st
from hypothesis.errors import UnsatisfiedAssumption

from lost_update import Lost, withdraw_all
from raceexplore.hypothesis import Schedule, profile, schedules
from raceexplore.hypothesis import schedule as runner

CASES = 60
FEW = settings(profile(), database=None, max_examples=CASES)
BALANCE = [0]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A list that grows with each run, and that no program can reach."""
    made: list[str] = []
    once = runner.run_once

    def counted(*args: Any, **options: Any) -> Any:
        run = once(*args, **options)
        made.append(run.outcome)
        return run

    monkeypatch.setattr(runner, "run_once", counted)
    return made


async def forty_five_events(amounts: list[int]) -> int:
    total = 0

    async def add(amount: int) -> None:
        nonlocal total
        for _ in range(13):
            await trio.lowlevel.checkpoint()
        total += amount

    async with trio.open_nursery() as nursery:
        for amount in amounts:
            nursery.start_soon(add, amount)
    return total


def test_a_case_runs_many_schedules_of_a_function_that_leaves_all_as_it_was(
    runs: list[str],
) -> None:
    @seed(1)
    @FEW
    @given(schedule=schedules(), amounts=st.lists(st.integers(), min_size=3, max_size=3))
    def test(schedule: Schedule, amounts: list[int]) -> None:
        schedule.run(forty_five_events, amounts)

    test()
    assert len(runs) > 15 * CASES


def test_a_long_run_has_few_neighbours(runs: list[str]) -> None:
    async def long(amounts: list[int]) -> None:
        for _ in range(30):
            await forty_five_events(amounts)

    @seed(1)
    @FEW
    @given(schedule=schedules())
    def test(schedule: Schedule) -> None:
        schedule.run(long, [1, 2, 3])

    test()
    assert CASES < len(runs) <= 4 * CASES


class Account:
    total = 0

    def __init__(self) -> None:
        self.balance = 0

    async def deposit(self) -> None:
        self.balance += 1


async def _into_a_list(kept: list[int]) -> None:
    kept.append(1)


async def _into_an_account(account: Account) -> None:
    account.balance += 1


async def _into_a_global() -> None:
    BALANCE[0] += 1


async def _into_a_class() -> None:
    Account.total += 1


async def _from_an_iterator(numbers: Iterator[int]) -> None:
    next(numbers, None)


def changing() -> dict[str, tuple[Callable[..., Any], list[object]]]:
    closed: list[int] = []
    account = Account()

    async def into_a_closure() -> None:
        closed.append(1)

    return {
        "a list": (_into_a_list, [[]]),
        "an account": (_into_an_account, [account]),
        "a method's account": (account.deposit, []),
        "a global": (_into_a_global, []),
        "a class": (_into_a_class, []),
        "an iterator": (_from_an_iterator, [iter([1, 2])]),
        "a closure": (into_a_closure, []),
    }


@pytest.mark.parametrize("what", changing())
def test_a_function_that_changes_what_it_reaches_is_run_once_a_case(
    what: str, runs: list[str]
) -> None:
    cases: list[int] = []

    async def workload(function: Callable[..., Any], *given: object) -> None:
        await forty_five_events([1, 2])
        await function(*given)

    @FEW
    @given(schedule=schedules())
    def test(schedule: Schedule) -> None:
        function, given = changing()[what]
        cases.append(1)
        schedule.run(workload, function, *given)

    test()
    assert len(runs) == len(cases)


def test_what_is_asserted_after_the_run_sees_the_effects_of_one_run() -> None:
    """The third deposit is made by some schedules only: the case ends with the first of them."""

    async def deposits(account: Account) -> None:
        seen: list[str] = []

        async def say(word: str) -> None:
            await trio.lowlevel.checkpoint()
            seen.append(word)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(say, "first")
            nursery.start_soon(say, "second")
        if seen[0] == "second":
            account.balance += 1

    met: set[int] = set()

    @seed(1)
    @FEW
    @given(schedule=schedules())
    def test(schedule: Schedule) -> None:
        account = Account()
        schedule.run(deposits, account)
        met.add(account.balance)

    test()
    assert met == {0, 1}


def test_a_function_that_asks_hypothesis_for_something_is_run_once_a_case(runs: list[str]) -> None:
    cases: list[int] = []

    async def draws(draw: Callable[[], object]) -> None:
        await forty_five_events([1, 2])
        draw()

    async def steers() -> None:
        await forty_five_events([1, 2])
        target(1.0, label="said once a case")

    @FEW
    @given(schedule=schedules(), data=st.data())
    def test(schedule: Schedule, data: st.DataObject) -> None:
        cases.append(1)
        schedule.run(draws, lambda: data.draw(st.integers(0, 255)))

    @FEW
    @given(schedule=schedules())
    def test_target(schedule: Schedule) -> None:
        cases.append(1)
        schedule.run(steers)

    test()
    test_target()
    assert len(runs) == len(cases) > CASES


def test_an_asked_for_sweep_runs_the_neighbours_until_one_fails_or_the_end_of_the_run(
    runs: list[str],
) -> None:
    seen: list[int] = []

    async def counted(amounts: list[int]) -> None:
        seen.append(1)  # with sweep=..., that is the user's own affair
        await withdraw_all(amounts)

    with pytest.raises(Lost) as caught:
        Schedule((2, 0), sweep=7).run(counted, [1, 2])
    assert "replay  Schedule((5, 0)).run(counted, [1, 2])" in caught.value.__notes__[0]
    assert len(runs) == 4  # gaps of 2, 3, 4 and 5; more of them tell why it failed
    runs.clear()
    seen.clear()
    Schedule(sweep=50).run(counted, [1, 2])
    assert len(runs) == 1
    runs.clear()
    Schedule((2, 0), sweep=50).run(forty_five_events, [1, 2])
    assert len(runs) == 16  # each first gap once, for 16 choices


def test_an_assumption_that_a_neighbour_breaks_does_not_reject_the_case(runs: list[str]) -> None:
    async def assumes() -> None:
        await forty_five_events([1, 2])
        if len(runs) == 5:
            raise UnsatisfiedAssumption

    Schedule((2, 0), sweep=9).run(assumes)
    assert len(runs) == 10
    runs[:] = [""] * 5
    with pytest.raises(UnsatisfiedAssumption):
        Schedule((2, 0), sweep=9).run(assumes)


def test_past_the_end_of_the_run_the_neighbours_begin_at_its_start(runs: list[str]) -> None:
    with pytest.raises(Lost) as caught:
        Schedule((900, 0), sweep=50).run(withdraw_all, [1, 2])
    assert "replay  Schedule((5, 0)).run(withdraw_all, [1, 2])" in caught.value.__notes__[0]
    assert len(runs) == 7  # the default run, and gaps of 0 to 5
    Schedule((900, 0), sweep=5).run(withdraw_all, [1, 2])


def test_the_runs_of_a_case_leave_the_guard_and_the_clock_as_they_were(runs: list[str]) -> None:
    import time

    real = time.time
    Schedule((0, 0), sweep=9).run(forty_five_events, [1, 2])
    assert len(runs) == 10
    assert time.time is real

"""The exhaustive schedulers visit every schedule once: the counts are the known numbers."""

from __future__ import annotations

from itertools import accumulate

import pytest
import trio

from raceexplore import NotDeterministic, Run, by_name, explore, run_once, world


def tasks(n: int, k: int):
    async def program() -> None:
        async def task() -> None:
            for _ in range(k - 1):
                await trio.lowlevel.checkpoint()

        async with trio.open_nursery() as nursery:
            for _ in range(n):
                nursery.start_soon(task)

    return program


def explored(program, spec: str) -> tuple[list[Run], list[int]]:
    """Return the runs of an exhaustive scheduler, and the bound that each belonged to."""
    scheduler = by_name(spec)
    runs, bounds = [], []
    while scheduler.begin():
        runs.append(run_once(program, scheduler))
        bounds.append(scheduler._frontier.cost)
        scheduler.end(runs[-1])
    return runs, bounds


def per_bound(bounds: list[int]) -> list[int]:
    return [bounds.count(cost) for cost in range(max(bounds) + 1)]


# (tasks, events each): schedules with exactly 0, 1, 2, ... preemptions
PREEMPTIONS = {
    (2, 3): [2, 4, 8, 4, 2],
    (2, 5): [2, 8, 32, 48, 72, 48, 32, 8, 2],
    (3, 2): [6, 18, 36, 30],
    (3, 3): [6, 36, 150, 360, 510, 444, 174],
    (4, 2): [24, 144, 504, 984, 864],
}
# schedules with exactly 0, 1, 2, ... delays; one event each: the Mahonian numbers
DELAYS = {
    (4, 1): [1, 3, 5, 6, 5, 3, 1],
    (3, 2): [1, 4, 10, 15, 19, 17, 13, 7, 3, 1],
}


@pytest.mark.parametrize("shape", PREEMPTIONS)
def test_icb_visits_each_schedule_once_by_preemptions(shape: tuple[int, int]) -> None:
    runs, bounds = explored(tasks(*shape), "icb")
    assert per_bound(bounds) == PREEMPTIONS[shape]
    assert [run.preemptions for run in runs] == bounds == sorted(bounds)
    assert len({run.schedule for run in runs}) == len(runs)


@pytest.mark.slow
def test_icb_counts_of_five_tasks() -> None:
    assert per_bound(explored(tasks(5, 2), "icb")[1]) == [120, 1200, 6600, 22200, 43800, 39480]


@pytest.mark.parametrize("shape", DELAYS)
def test_delay_visits_each_schedule_once_by_delays(shape: tuple[int, int]) -> None:
    runs, bounds = explored(tasks(*shape), "delay")
    assert per_bound(bounds) == DELAYS[shape]
    assert bounds == sorted(bounds)
    assert len({run.schedule for run in runs}) == len(runs)


def test_the_ends_of_a_run_are_varied_before_its_middle() -> None:
    scheduler, varied = by_name("delay:bound=1"), []
    program = tasks(2, 4)  # three choices while both can go on, and one more at the very start
    while scheduler.begin():
        varied.append(scheduler._frontier._running.at)
        scheduler.end(run_once(program, scheduler))
    assert varied == [-1, 3, 1, 2, 0]


def test_delay_does_not_depend_on_the_number_of_tasks() -> None:
    bounds = explored(tasks(10, 2), "delay:bound=2")[1]
    assert list(accumulate(per_bound(bounds))) == [1, 19, 197]


@pytest.mark.parametrize(("spec", "runs"), [("icb:bound=0", 6), ("icb:bound=1", 24)])
def test_a_bound_completes_and_says_so(spec: str, runs: int) -> None:
    campaign = explore(tasks(3, 2), scheduler=spec, stop="never")
    assert (campaign.complete, campaign.runs) == (True, runs)


@pytest.mark.parametrize("name", ["icb", "delay"])
def test_a_bound_is_finished_once_its_last_schedule_is_run(name: str) -> None:
    scheduler = by_name(name)
    counted = {"icb": [6, 18], "delay": [1, 4]}[name]
    finished = []
    for _ in range(sum(counted) + 1):
        scheduler.begin()
        finished.append(scheduler.finished)
        scheduler.end(run_once(tasks(3, 2), scheduler))
    assert finished == [-1] * counted[0] + [0] * counted[1] + [1]


async def draws() -> None:
    """Two tasks; one picks of three, and has a latency of three."""

    async def picks() -> None:
        world().pick("colour", "rgb")
        world().pick("latency", (1, 2, 3), kind="latency")
        await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(picks)
        nursery.start_soon(trio.lowlevel.checkpoint)


# 2 tasks of 2 events: 6 schedules, of which 2 without a preemption
@pytest.mark.parametrize(
    ("spec", "runs"),
    [("icb", 18), ("icb:bound=0", 6), ("icb:latencies=true", 54), ("delay", 18)],
)
def test_data_is_enumerated_and_latencies_only_on_demand(spec: str, runs: int) -> None:
    assert explore(draws, scheduler=spec, stop="never").runs == runs


@pytest.mark.parametrize("name", ["icb", "delay"])
def test_the_early_clock_of_elastic_time_costs_something(name: str) -> None:
    class Point:
        kind, bound, continues, at = "task", 3, False, ("main", 1)
        tasks = (*(type("Task", (), {"serial": s, "path": str(s)}) for s in (2, 3, -1)),)

    scheduler = by_name(name)
    scheduler.begin()
    scheduler.choose(Point())
    (prices,) = scheduler._frontier._running.prices
    assert list(prices) == {"icb": [0, 0, 1], "delay": [0, 1, 2]}[name]


@pytest.mark.parametrize("name", ["icb", "delay"])
def test_a_program_that_changes_is_refused(name: str) -> None:
    shapes = iter([(2, 2), (3, 2)])
    scheduler = by_name(name)
    scheduler.begin()
    scheduler.end(run_once(tasks(*next(shapes)), scheduler))
    scheduler.begin()
    with pytest.raises(NotDeterministic, match="had 2 options and now has 3"):
        run_once(tasks(*next(shapes)), scheduler)


async def polls() -> None:
    """One task waits for the other by polling."""
    done = False

    async def waits() -> None:
        while not done:
            await trio.lowlevel.checkpoint()

    async def sets() -> None:
        nonlocal done
        done = True

    async with trio.open_nursery() as nursery:
        nursery.start_soon(waits)
        nursery.start_soon(sets)


@pytest.mark.parametrize("spec", ["icb:bound=0", "delay:bound=0"])
def test_a_polling_loop_is_finite_within_a_bound(spec: str) -> None:
    campaign = explore(polls, scheduler=spec, stop="never", budget=100)
    assert (campaign.complete, campaign.failures) == (True, ())

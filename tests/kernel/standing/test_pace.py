"""Long runs: polling is no livelock, and to wait for what nobody brings is a failure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio
import trio.lowlevel

from raceexplore import Limits, Replay, Run, Settings, World, by_name, explore
from raceexplore.kernel.run import run_once
from raceexplore.sim import Fixed

ELASTIC = Settings(time="elastic")


async def beside(*tasks: Callable[[], Awaitable[object]]) -> None:
    async with trio.open_nursery() as nursery:
        for task in tasks:
            nursery.start_soon(task)


async def a_flag() -> None:
    ready = False

    async def sets() -> None:
        nonlocal ready
        for _ in range(4):
            await trio.lowlevel.checkpoint()
        ready = True

    async def polls() -> None:
        while not ready:
            await trio.lowlevel.checkpoint()

    await beside(polls, sets)


async def a_queues_emptiness() -> None:
    queue = ["a", "b", "c"]

    async def takes() -> None:
        while queue:
            await trio.lowlevel.checkpoint()
            queue.pop()

    async def polls() -> None:
        while queue:
            await trio.lowlevel.checkpoint()

    await beside(polls, takes)


async def a_statistic() -> None:
    door = trio.Event()

    async def polls() -> None:
        while not door.statistics().tasks_waiting:
            await trio.lowlevel.checkpoint()
        door.set()

    await beside(polls, door.wait)


async def a_deadline() -> None:
    async def polls() -> None:
        until = trio.current_time() + 1
        while trio.current_time() < until:
            await trio.lowlevel.checkpoint()

    async def sleeps() -> None:
        for _ in range(20):
            await trio.sleep(0.1)

    await beside(polls, sleeps)


async def what_takes_time(world: World) -> None:
    answers: list[str] = []

    async def asks() -> None:
        for _ in range(5):
            await Fixed(0.3).sleep(world, "ask")
        answers.append("yes")

    async def polls() -> None:
        while not answers:
            await trio.lowlevel.checkpoint()

    await beside(asks, polls)


async def two_at_once() -> None:
    left = 3

    async def polls() -> None:
        while left:
            await trio.lowlevel.checkpoint()

    async def works() -> None:
        nonlocal left
        while left:
            await trio.sleep(0.01)
            left -= 1

    await beside(polls, works, polls)


POLLING = (a_flag, a_queues_emptiness, a_statistic, a_deadline, what_takes_time, two_at_once)


def runs(program: Any, scheduler: str, number: int, **settings: Any) -> list[Run]:
    chooser, found = by_name(scheduler, entropy=1), []
    for _ in range(number):
        chooser.begin()
        run = run_once(program, chooser, settings=Settings(**settings))
        chooser.end(run)
        found.append(run)
    return found


@pytest.mark.parametrize("program", POLLING)
def test_polling_that_is_right_is_no_livelock(program: Any) -> None:
    for scheduler in ("surw", "pct:depth=3", "freeze", "urw"):
        found = runs(program, scheduler, 40)
        assert {(run.outcome, run.failure) for run in found} == {("passed", None)}
        assert max(run.steps for run in found) < 8_000


@pytest.mark.slow
@pytest.mark.parametrize("program", POLLING)
def test_polling_that_is_right_passes_each_of_10_000_default_runs(program: Any) -> None:
    for entropy in range(20):
        campaign = explore(program, entropy=entropy)
        assert (campaign.failures, campaign.cut) == ((), 0)


@pytest.mark.parametrize("program", POLLING)
def test_a_poller_ends_in_elastic_time(program: Any) -> None:
    found = runs(program, "urw", 40, time="elastic") + runs(program, "pct", 40, time="elastic")
    assert {run.outcome for run in found} == {"passed"}
    assert max(run.steps for run in found) < 20_000


def test_a_run_that_came_to_a_look_replays_event_by_event() -> None:
    for program in POLLING:
        for run in runs(program, "surw", 5):
            again = run_once(program, Replay(run.schedule), record=True)
            assert (again.steps, again.virtual_s) == (run.steps, run.virtual_s)
            assert again.schedule == run.schedule


async def ticks() -> None:
    while True:  # noqa: ASYNC110 the program is to go on for ever
        await trio.sleep(5)


async def waits_beside_a_ticker() -> None:
    door = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ticks, name="ticker")
        await door.wait()


def test_to_wait_for_what_nobody_brings_is_a_failure_beside_a_ticker_too() -> None:
    run = run_once(waits_beside_a_ticker, Replay())
    assert run.failure is not None
    assert run.failure.kind == "waits for ever"
    line = run.failure.site.line
    assert run.failure.message == (
        f"main waits for ever at line {line} for an Event; only ticker goes on, and touches"
        " nothing that anyone waits for"
    )
    assert run.steps < 2_000


def test_that_can_be_switched_off() -> None:
    run = run_once(waits_beside_a_ticker, Replay(), settings=Settings(allow="waits for ever"))
    assert (run.outcome, run.failure) == ("cut", None)
    told = "it would never end: only ticker goes on, and touches nothing that anyone waits for"
    assert run.cut == told


async def a_service_that_is_never_to_end() -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ticks)


def test_a_service_that_only_ticks_is_cut_early_and_does_not_fail() -> None:
    campaign = explore(a_service_that_is_never_to_end, budget=50)
    assert (campaign.failures, campaign.cut) == ((), 50)
    assert run_once(a_service_that_is_never_to_end, Replay()).steps < 2_000


def patient(ending: Callable[[int], bool]) -> Callable[[], Awaitable[None]]:
    async def program() -> None:
        door, count = trio.Event(), 0

        async def counts() -> None:
            nonlocal count
            while not ending(count):
                await trio.sleep(1)
                count += 1
            door.set()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(counts)
            await door.wait()

    return program


async def by_an_iterator() -> None:
    door = trio.Event()

    async def counts() -> None:
        for _ in range(4_000):
            await trio.sleep(1)
        door.set()

    await beside(counts, door.wait)


async def by_the_clock() -> None:
    door = trio.Event()

    async def rings() -> None:
        while trio.current_time() < 5_000:  # noqa: ASYNC110 it is to ask for the time
            await trio.sleep(1)
        door.set()

    await beside(rings, door.wait)


async def by_a_field() -> None:
    class Counter:
        count = 0

    door, counter = trio.Event(), Counter()

    async def counts() -> None:
        while counter.count < 4_000:
            await trio.sleep(1)
            counter.count += 1
        door.set()

    await beside(counts, door.wait)


async def with_a_time_out() -> None:
    door = trio.Event()

    async def tries() -> None:
        with trio.move_on_after(9_000):
            await door.wait()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ticks)
        await tries()
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    "program",
    [patient(lambda n: n > 4_000), by_an_iterator, by_the_clock, by_a_field, with_a_time_out],
)
def test_who_may_still_be_woken_does_not_wait_for_ever(program: Any) -> None:
    assert run_once(program, Replay()).outcome == "passed"


async def computes_under_a_time_out() -> None:
    done = 0
    with trio.fail_after(1):
        for _ in range(3_000):
            await trio.lowlevel.checkpoint()
            done += 1
    assert done == 3_000


def test_a_long_computation_is_no_polling_and_keeps_its_time_out_away() -> None:
    assert run_once(computes_under_a_time_out, Replay()).failure is None


async def two_that_spin() -> None:
    async def spins() -> None:
        while True:
            await trio.lowlevel.checkpoint()

    await beside(spins, spins)


def test_spinning_without_end_is_a_livelock_still() -> None:
    for scheduler in ("random", "surw", "pct"):
        (run,) = runs(two_that_spin, scheduler, 1)
        assert run.failure is not None
        assert run.failure.kind == "livelock"
    assert run_once(two_that_spin, Replay(), limits=Limits(steps=50)).failure is not None

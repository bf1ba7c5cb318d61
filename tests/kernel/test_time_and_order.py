"""When the clock may move, and which orders of tasks there are."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import trio

from raceexplore import Replay, Run, Schedule, Settings, World, by_name
from raceexplore.kernel.run import run_once


def runs(program: Callable[..., Any], scheduler: str, settings: Settings, budget: int) -> list[Run]:
    """Return up to ``budget`` recorded runs."""
    chooser, found = by_name(scheduler, entropy=1), []
    while len(found) < budget and chooser.begin():
        run = run_once(program, chooser, settings=settings, record=True)
        chooser.end(run)
        assert run.failure is None, run.failure
        found.append(run)
    return found


def working(ends: list[bool]) -> Callable[[], Any]:
    async def program() -> None:
        with trio.move_on_after(1) as scope:
            for _ in range(3):
                await trio.lowlevel.checkpoint()
        ends.append(scope.cancelled_caught)

    return program


def test_strict_time_stands_still_while_a_task_can_run() -> None:
    ends: list[bool] = []
    runs(working(ends), "random", Settings(time="strict"), 50)
    assert set(ends) == {False}


def test_elastic_time_may_strike_between_two_awaits() -> None:
    ends: list[bool] = []
    found = runs(working(ends), "random", Settings(time="elastic"), 50)
    assert set(ends) == {False, True}
    struck = [run for run, caught in zip(found, ends, strict=True) if caught]
    assert {run.virtual_s for run in struck} == {1.0}
    assert "clock" in {deviation.take for run in struck for deviation in run.schedule.deviations}


def test_each_order_of_equal_deadlines_is_found() -> None:
    found = set()

    async def program() -> None:
        order: list[str] = []

        async def sleeper(name: str) -> None:
            await trio.sleep(1)
            order.append(name)

        async with trio.open_nursery() as nursery:
            for name in "abc":
                nursery.start_soon(sleeper, name)
        found.add("".join(order))

    runs(program, "dfs", Settings(), 10_000)
    assert found == {"".join(names) for names in permutations("abc")}


def stepping(orders: set[str]) -> Callable[[], Any]:
    async def program() -> None:
        order: list[str] = []

        async def worker(name: str) -> None:
            for _ in range(2):
                order.append(name)
                await trio.lowlevel.checkpoint()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(worker, "a")
            nursery.start_soon(worker, "b")
        orders.add("".join(order))

    return program


def test_any_order_has_all_interleavings_and_passes_have_each_task_once_a_pass() -> None:
    free: set[str] = set()
    runs(stepping(free), "dfs", Settings(order="any"), 10_000)
    assert free == {"aabb", "abab", "abba", "baab", "baba", "bbaa"}
    passes: set[str] = set()
    found = runs(stepping(passes), "dfs", Settings(order="passes"), 10_000)
    assert passes == {"abab", "abba", "baab", "baba"}
    assert all(run.passes for run in found)


def test_a_run_says_whether_passes_could_have_made_it() -> None:
    labels: dict[str, set[bool | None]] = {}
    orders: set[str] = set()
    program, chooser = stepping(orders), by_name("dfs")
    while chooser.begin():
        orders.clear()
        run = run_once(program, chooser, record=True)
        chooser.end(run)
        labels.setdefault(orders.pop(), set()).add(run.passes)
    assert labels["aabb"] == labels["bbaa"] == {False}
    assert all(True in labels[order] for order in ("abab", "abba", "baab", "baba"))


def test_the_quiet_day_goes_on_with_one_task_and_then_with_the_longest_waiting() -> None:
    orders: set[str] = set()
    run_once(stepping(orders), Replay(Schedule()))
    assert orders == {"aabb"}


def test_a_task_that_never_blocks_gives_way_on_the_quiet_day() -> None:
    async def program() -> None:
        done = trio.Event()

        async def poll() -> None:
            while not done.is_set():
                await trio.lowlevel.checkpoint()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(poll)
            nursery.start_soon(trio.to_thread.run_sync, done.set)

    run = run_once(program, Replay(Schedule()), settings=Settings(fair_after=7))
    assert run.outcome == "passed"
    assert run.steps < 40


def test_the_same_entropy_draws_the_same_under_every_schedule() -> None:
    drawn: set[tuple[tuple[str, int], ...]] = set()

    async def program(world: World) -> None:
        got: dict[str, int] = {}

        async def customer(name: str) -> None:
            for turn in range(2):
                await trio.lowlevel.checkpoint()
                got[f"{name}{turn}"] = world.pick("amount", range(1000))

        async with trio.open_nursery() as nursery:
            for name in ("alice", "bob"):
                nursery.start_soon(customer, name, name=name)
        drawn.add(tuple(sorted(got.items())))

    class Turning:
        """Any order of tasks, and draws keyed by one entropy."""

        def __init__(self, chooser: Any) -> None:
            self.begin, self.end, self.chooser = chooser.begin, chooser.end, chooser

        def choose(self, point: Any) -> int:
            return int(self.chooser.choose(point) if point.kind == "task" else point.keyed(5))

    chooser = Turning(by_name("random", entropy=1))
    for _ in range(30):
        chooser.begin()
        chooser.end(run_once(program, chooser))
    assert len(drawn) == 1
    assert len(dict(drawn.pop())) == 4


def test_draws_of_one_label_differ_from_each_other_and_between_labels() -> None:
    drawn: list[int] = []

    async def program(world: World) -> None:
        drawn.extend(world.pick(label, range(10**6)) for label in ("a", "a", "b", "b"))

    chooser = by_name("random", entropy=1)
    chooser.begin()
    chooser.end(run_once(program, chooser))
    assert len(set(drawn)) == 4

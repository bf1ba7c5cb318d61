"""Lockstep keeps all tasks in step, and its passes run in the directions that it promises."""

from __future__ import annotations

from itertools import combinations, islice
from math import sqrt

import trio

from orders import runs, sample
from raceexplore import Settings, by_name, run_once

RUNS = 4_000


def test_the_first_runs_follow_the_patterns_of_walsh() -> None:
    orders = [order for order, _ in islice(runs(by_name("lockstep"), 4, 4, 4), 4)]
    assert orders == [
        "abc-abc-abc-abc".replace("-", ""),
        "abc-cba-abc-cba".replace("-", ""),
        "abc-abc-cba-cba".replace("-", ""),
        "abc-cba-cba-abc".replace("-", ""),
    ]


def test_eight_runs_show_any_two_passes_in_all_four_pairs_of_directions() -> None:
    orders = [order for order, _ in islice(runs(by_name("lockstep"), 8, 8), 8)]
    for one, other in combinations(range(1, 8), 2):
        pairs = {(order[2 * one], order[2 * other]) for order in orders}
        assert pairs == {("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")}


def test_later_runs_take_every_direction_equally_often() -> None:
    scheduler = by_name("lockstep", entropy=1)
    for _ in islice(runs(scheduler, 3, 3, 3), 8):
        pass
    found = sample(scheduler, RUNS, 3, 3, 3)
    words = [x + y + z for x in ("abc", "cba") for y in ("abc", "cba") for z in ("abc", "cba")]
    assert sorted(found) == sorted(words)
    for word in words:
        assert abs(found[word] - RUNS / 8) <= 4.5 * sqrt(RUNS * 1 / 8 * 7 / 8)


def order_of(program, order: list[str], **settings: str) -> str:
    scheduler = by_name("lockstep")
    order.clear()
    scheduler.begin()
    run_once(program, scheduler, settings=Settings(**settings))
    return "".join(order)


def test_a_task_that_was_blocked_catches_up() -> None:
    order: list[str] = []

    async def program() -> None:
        free = trio.Event()

        async def frees() -> None:
            for i in range(6):
                order.append("a")
                if i == 2:
                    free.set()
                await trio.lowlevel.checkpoint()

        async def waits() -> None:
            order.append("b")
            await free.wait()
            for _ in range(4):
                order.append("b")
                await trio.lowlevel.checkpoint()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(frees)
            nursery.start_soon(waits)

    assert order_of(program, order) == "abaabbababa"


def test_a_task_that_is_spawned_late_joins_the_others() -> None:
    order: list[str] = []

    async def program() -> None:
        async def steps(name: str, count: int) -> None:
            for i in range(count):
                order.append(name)
                if name == "a" and i == 2:
                    nursery.start_soon(steps, "c", 3)
                await trio.lowlevel.checkpoint()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(steps, "a", 5)
            nursery.start_soon(steps, "b", 5)

    assert order_of(program, order) == "abababcabcabc"


def test_the_clock_of_elastic_time_takes_part() -> None:
    order: list[str] = []

    async def program() -> None:
        async def works() -> None:
            for _ in range(4):
                order.append("a")
                await trio.lowlevel.checkpoint()

        async def sleeps() -> None:
            await trio.sleep(1)
            order.append("s")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(works)
            nursery.start_soon(sleeps)

    assert order_of(program, order, time="strict") == "aaaas"
    assert order_of(program, order, time="elastic") == "aasaa"

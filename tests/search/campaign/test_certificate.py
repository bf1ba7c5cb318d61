"""Certificates: in words what a campaign has shown, and not a word more."""

from __future__ import annotations

from collections import Counter

import pytest
import trio

from raceexplore import Limits, Settings, World, by_name, explore
from raceexplore.kernel.fence.guard import guarded
from raceexplore.kernel.program import as_program
from raceexplore.search.campaign.certificate import classes_seen, unseen, whole
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.toolbox import trace_key


async def two_steps_each(world: World) -> None:
    """Two tasks of two events that touch one thing: C(4, 2) = 6 schedules, each its own class."""

    async def task() -> None:
        world.touch("x", write=True)
        await world.step(writes=["x"])

    world.touch(write=False)  # else what it does would be opaque
    async with trio.open_nursery() as nursery:
        nursery.start_soon(task)
        nursery.start_soon(task)
    world.touch(write=False)


async def fails(world: World) -> None:
    raise ValueError("always")


def test_a_complete_reduction_counts_the_classes() -> None:
    campaign = explore(two_steps_each, scheduler="dpor")
    assert campaign.certificate == ("all 6 trace classes explored",)
    assert (campaign.classes, campaign.unseen, campaign.complete) == (6, None, True)


def test_an_unfinished_reduction_certifies_nothing() -> None:
    campaign = explore(two_steps_each, scheduler="dpor", budget=3)
    assert [text for text in campaign.certificate if text.startswith("all")] == []


def test_a_finished_bound_is_certified() -> None:
    assert explore(two_steps_each, scheduler="icb:bound=1").certificate == (
        "no failing schedule with at most 1 preemption",
    )


def test_pct_certifies_depth_two_by_its_own_runs() -> None:
    campaign = explore(two_steps_each, scheduler="pct:depth=2", budget=101)
    # n = 2 tasks, at most k = 3 contested steps: known after three runs, which do not count
    missed = f"{(1 - 1 / 6) ** 98:.1g}"
    chance = f"a bug of depth 2 would have been missed with probability at most {missed}"
    assert campaign.certificate == (f"{chance} (n = 2, k = 3, 98 PCT runs)",)


def test_pct_says_nothing_of_bugs_that_need_particular_draws() -> None:
    async def with_draws(world: World) -> None:
        world.pick("colour", "rgb")
        await two_steps_each(world)

    (told,) = explore(with_draws, scheduler="pct:depth=2", budget=101).certificate
    assert told.startswith("a bug of depth 2 that needs no particular draws would have been missed")


@pytest.mark.parametrize("scheduler", ["icb:bound=1", "pct:depth=2", "dpor"])
def test_a_failure_leaves_nothing_to_certify(scheduler: str) -> None:
    certificate = explore(fails, scheduler=scheduler, stop="never", budget=20).certificate
    assert [text for text in certificate if "explored" in text or "no failing" in text] == []


def test_the_portfolio_certifies_what_its_parts_have_shown() -> None:
    assert "all 6 trace classes explored" in explore(two_steps_each, budget=300).certificate
    certificate = explore(two_steps_each, scheduler="portfolio:prove=0", budget=300).certificate
    assert "no failing schedule with at most 1 preemption" in certificate
    assert not any(text.startswith("all") for text in certificate)


def test_the_estimate_of_the_unseen_is_good_turings() -> None:
    assert unseen({}) is None
    assert unseen({1: 1, 2: 1, 3: 6}) == 0.25
    assert classes_seen({1: 1, 2: 1, 3: 6}) == (
        "3 trace classes in 8 observed sampled runs; the next shows a new one with probability"
        " about 0.25 (Good-Turing)"
    )
    assert classes_seen({1: 1}).startswith("1 trace class in 1 observed sampled run;")
    assert classes_seen({1: 7}).startswith("1 trace class in 7 observed sampled runs")


def test_what_estimates_are_relative_to_is_told_beside_them() -> None:
    told = classes_seen({1: 2, 2: 2}, ["the package `acme` was not observed", "more"])
    assert told.endswith("; relative: the package `acme` was not observed and more")


def test_the_number_of_classes_is_an_interval_once_most_are_seen() -> None:
    assert whole({1: 10, 2: 9, 3: 1}) is not None
    assert whole({1: 5, 2: 5}) is None  # too few runs
    assert whole(dict.fromkeys(range(30), 1)) is None  # each seen once: nothing is known
    assert whole({1: 20, 2: 20}) == (2, 2)
    assert whole({**dict.fromkeys(range(20), 3), 20: 1, 21: 1, 22: 2}) == (23, 45)


@pytest.mark.slow
def test_the_interval_covers_the_number_of_classes_in_95_of_100_campaigns() -> None:
    """Fact: C(6, 3) = 20, C(8, 4) = 70 and 6! / 8 = 90 orders, each its own trace class."""
    found = [covers(tasks, events, number) for tasks, events, number in KNOWN]
    told, held = map(sum, zip(*found, strict=True))
    print(f"{held} of {told} intervals hold the number of classes")
    assert told >= 1_000
    assert 0.93 <= held / told <= 0.97


KNOWN = (2, 3, 20), (2, 4, 70), (3, 2, 90)  # tasks, events of each, trace classes


def covers(tasks: int, events: int, number: int) -> tuple[int, int]:
    """Return how many of 340 campaigns print an interval, and how many of these hold ``number``."""
    program, told, held = as_program(writing(tasks, events)), 0, 0
    with guarded():
        for entropy in range(340):
            scheduler, drawn = by_name("pos", entropy=entropy), Counter[int]()
            for _ in range(3 * number):
                scheduler.begin()
                run = observed_run(program, scheduler, limits=Limits(), settings=Settings())
                scheduler.end(run)
                drawn[trace_key(run.events)] += 1
            if (interval := whole(drawn)) is not None:
                told += 1
                held += interval[0] <= number <= interval[1]
    return told, held


def writing(tasks: int, events: int):
    async def program(world: World) -> None:
        import trio

        async def task() -> None:
            world.touch("x", write=True)
            for _ in range(events - 1):
                await world.step(writes=["x"])

        world.touch(write=False)
        async with trio.open_nursery() as nursery:
            for _ in range(tasks):
                nursery.start_soon(task)
        world.touch(write=False)

    return program


def test_runs_that_were_cut_short_show_nothing() -> None:
    async def main() -> None:
        for _ in range(3):
            await trio.sleep(1)

    campaign = explore(main, limits=Limits(steps=2), budget=40)
    assert campaign.cut == campaign.runs
    assert campaign.certificate == ()
    one = explore(main, limits=Limits(steps=1), budget=2)  # few events are no livelock
    assert (one.failures, one.cut) == ((), 2)

"""Certificates: in words what a campaign has shown, and not a word more."""

from __future__ import annotations

import pytest

from raceexplore import World, explore
from raceexplore.search.campaign.certificate import classes_seen, unseen


async def two_steps_each(world: World) -> None:
    """Two tasks of two events that touch one thing: C(4, 2) = 6 schedules, each its own class."""
    import trio

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
        "3 trace classes in 8 observed runs; the next shows a new one with probability about 0.25"
        " (Good-Turing); at least about 4 in all (Chao)"
    )
    assert classes_seen({1: 1}).startswith("1 trace class in 1 observed run;")
    assert classes_seen({1: 7}).startswith("1 trace class in 7 observed runs")

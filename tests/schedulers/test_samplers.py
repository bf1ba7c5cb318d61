"""What each sampler does beyond its exact numbers: children, stalls, mutants, wrong options."""

from __future__ import annotations

from collections import Counter
from math import sqrt

import pytest
import trio

from exact import hits, position
from orders import sample
from raceexplore import BadOption, by_name, run_once
from raceexplore.kernel.fence.guard import guarded

RUNS = 4_000


def expect(count: int, chance: float, runs: int = RUNS) -> None:
    sigma = sqrt(runs * chance * (1 - chance))
    assert abs(count - runs * chance) <= 4.5 * sigma


def test_urw_counts_the_events_of_children_that_are_not_spawned_yet() -> None:
    order: list[str] = []

    async def program() -> None:
        order.clear()

        async def child() -> None:
            order.append("p")
            for _ in range(2):
                await trio.lowlevel.checkpoint()
                order.append("p")

        async def parent(nursery: trio.Nursery) -> None:
            order.append("p")
            nursery.start_soon(child)

        async def other() -> None:
            order.append("q")
            for _ in range(3):
                await trio.lowlevel.checkpoint()
                order.append("q")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(parent, nursery)
            nursery.start_soon(other)

    scheduler, found = by_name("urw", entropy=3), Counter[str]()
    with guarded():
        for _ in range(RUNS):
            scheduler.begin()
            scheduler.end(run_once(program, scheduler))
            found["".join(order)] += 1
    # a chain of 1 + 3 events beside one of 4: each of the 70 orders is as likely as any other
    assert len(found) == 70
    expect(found["qqqqpppp"], 1 / 70)
    expect(found["ppppqqqq"], 1 / 70)
    expect(sum(n for text, n in found.items() if text[0] == "q"), 1 / 2)


def test_a_swarm_of_equal_weights_is_a_random_walk() -> None:
    found = sample(by_name("swarm:weight=1", entropy=1), RUNS, 2, 1)
    expect(found["aba"], 1 / 4)
    expect(found["baa"], 1 / 2)


def test_a_swarm_lets_a_task_run_slow() -> None:
    # a random walk gives b's event place last with 2^-9; here many a b weighs far less than a
    late = sample(by_name("swarm", entropy=1), RUNS, 9, 1)["aaaaaaaaab"]
    assert late > 20 * RUNS / 2**9


def test_freeze_stalls_a_task_for_long() -> None:
    # 30 events of a before the only one of b: 1 in 10^9 for a random walk
    stalled = sample(by_name("freeze", entropy=1), RUNS, 30, 1)["a" * 30 + "b"]
    assert stalled > RUNS / 50


def test_freeze_never_stops_who_is_alone() -> None:
    assert sample(by_name("freeze:longest=30"), 50, 3)["aaa"] == 50


def test_every_second_run_of_feedback_is_a_mutant(monkeypatch: pytest.MonkeyPatch) -> None:
    tried, runs = position(2, 1, racing=True), 600
    scheduler = by_name("feedback", entropy=5)
    mutated, mutate = [], scheduler._mutate
    monkeypatch.setattr(scheduler, "_mutate", lambda plan: mutated.append(plan) or mutate(plan))
    hits(tried, scheduler, runs)
    assert len(mutated) == pytest.approx(runs / 2, abs=8)


def test_feedback_keeps_each_run_that_shows_a_new_order_once() -> None:
    scheduler = by_name("feedback", entropy=5)
    hits(position(1, 0, racing=True), scheduler, 200)
    assert len(scheduler.knowledge[0]) == 2  # a before b, and b before a


@pytest.mark.parametrize(
    "spec",
    [
        "urw:inertia=1", "swarm:weight=0", "swarm:lineage=2", "freeze:longest=-1", "icb:bound=-2",
        "delay:bound=-2", "feedback:mutants=0", "feedback:changes=0", "portfolio:burst=0",
        "portfolio:prove=-1",
    ],
)  # fmt: skip
def test_a_wrong_option_is_refused(spec: str) -> None:
    with pytest.raises(BadOption, match=spec.partition(":")[0]):
        by_name(spec)

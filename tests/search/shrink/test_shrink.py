"""Shrinking: the same failure, 1-minimal by brute force, with the fewest preemptions where said."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from itertools import pairwise

import pytest
import trio

from raceexplore import (
    Deviation,
    Limits,
    Program,
    Replay,
    Run,
    Schedule,
    World,
    by_name,
    explore,
    run_once,
    shrink,
)
from raceexplore.kernel.fence.guard import guarded
from raceexplore.kernel.program import as_program
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.search.programs.load import load_program
from raceexplore.search.shrink.commute import fewest_switches
from raceexplore.search.shrink.count_schedules import Orders
from raceexplore.search.shrink.shrink import Shrinking
from raceexplore.sim import LogNormal
from raceexplore.toolbox.gaps import Gaps
from stories import QUICK, ROOT, but_for_long

LIMITS = Limits(steps=2_000)
MODELS = ["ticketing", "lost_update", "lock_order", "cancelled_checkout"]


def rivals(tasks: int, checkpoints: int) -> Callable[[], Coroutine[None, None, None]]:
    """Return a program in which the first two of ``tasks`` tasks can lose an update."""

    async def program() -> None:
        total = 0

        async def idles() -> None:
            for _ in range(checkpoints):
                await trio.lowlevel.checkpoint()

        async def adds() -> None:
            nonlocal total
            await idles()
            seen = total
            await trio.lowlevel.checkpoint()
            total = seen + 1

        async with trio.open_nursery() as nursery:
            for number in range(tasks):
                nursery.start_soon(adds if number < 2 else idles)
        assert total == 2

    return program


@pytest.mark.parametrize(("tasks", "runs"), [(2, 2), (4, 24), (6, 720)])
def test_as_many_orders_without_preemption_are_foreseen_as_there_are(tasks: int, runs: int) -> None:
    orders = Orders()
    orders.begin()
    run_once(as_program(rivals(tasks, 3)), orders)
    assert orders.with_at_most(0) == runs


@pytest.mark.parametrize(("tasks", "proved"), [(6, True), (8, False)])
def test_all_schedules_with_fewer_preemptions_are_run_where_they_are_few(
    tasks: int, *, proved: bool
) -> None:
    preempt = Schedule((Deviation("task", "main/adds#1", 91, "main/adds#2"),))
    with guarded():
        run = run_once(as_program(rivals(tasks, 90)), Replay(preempt))
        shrunk = Shrinking(run, 2_000, LIMITS).shrink()
    assert (shrunk.run.preemptions, shrunk.run.steps) == (1, 91 * tasks + 4)
    assert bool(shrunk.fewest) is proved  # 720 orders, or 40,320
    assert (shrunk.runs > 720) is proved


def fails_like(program: Program, schedule: Schedule, fingerprint: str) -> bool:
    run = run_once(program, Replay(schedule), limits=LIMITS)
    return run.failure is not None and run.failure.fingerprint == fingerprint


def check(program: Program, budget: int) -> None:
    for scheduler in ("sticky", "surw", "pct", "random"):
        campaign = explore(program, scheduler=scheduler, budget=budget, limits=LIMITS)
        if campaign.failures:
            break
    found = campaign.failures[0]
    schedule, fingerprint = found.run.schedule, found.fingerprint
    assert fails_like(program, schedule, fingerprint)
    assert found.one_minimal
    for i in range(schedule.size):
        assert not fails_like(program, schedule.without(i), fingerprint)
    if found.fewest.startswith("no failing schedule"):
        assert not fails_with_fewer(program, fingerprint, found.run.preemptions)
    if schedule.size > 1 and {d.kind for d in schedule.deviations} == {"task"}:
        assert not fails_with_one(program, fingerprint, found.run.preemptions)


def fails_with_one(program: Program, fingerprint: str, preemptions: int) -> bool:
    """Tell whether one deviation would do, with no more preemptions: gap by gap."""
    gap, tasks = 0, 8
    while True:
        for alternative in range(tasks):
            scheduler = Gaps({"task": [(gap, alternative)]})
            run = run_once(program, scheduler, limits=LIMITS)
            if scheduler.beyond["task"]:
                return False
            same = run.failure is not None and run.failure.fingerprint == fingerprint
            if same and run.preemptions <= preemptions:
                return True
        gap += 1


def fails_with_fewer(program: Program, fingerprint: str, preemptions: int) -> bool:
    """An independent exhaustive search: depth first, not the frontier that shrinking uses."""
    scheduler = by_name(f"dfs:preemptions={preemptions - 1}")
    while scheduler.begin():
        run = run_once(program, scheduler, limits=LIMITS)
        scheduler.end(run)
        if run.failure is not None and run.failure.fingerprint == fingerprint:
            return True
    return False


@pytest.mark.parametrize("story", MODELS)
def test_a_models_bug_shrinks_to_what_is_needed(story: str) -> None:
    check(load_program(str(ROOT / "models" / story / "buggy.py")), budget=3_000)


@pytest.mark.parametrize("name", but_for_long(QUICK))
def test_a_classic_bug_shrinks_to_what_is_needed(name: str) -> None:
    check(load_program(str(ROOT / name)), budget=1_500)


def test_deep3_needs_one_deviation() -> None:
    name = next(name for name in QUICK if name.endswith(":deep3"))
    program = load_program(str(ROOT / name))
    found = explore(program, scheduler="sticky", budget=3_000).failures[0]
    # the victim's three turns, all of n1's up to its twelfth, and the others as they come
    assert (found.run.schedule.size, found.run.preemptions) == (1, 1)


WAIT = LogNormal(median_s=1.0, sigma=1.0)


async def slow_or_faulty(world: World) -> None:
    """Fails when the wait is long; a fault and a datum are there to be thrown away."""
    world.pick("break", ["no", "yes"], kind="fault")
    world.pick("size", range(100))
    waited = WAIT.draw(world, "wait")
    await trio.sleep(waited)
    assert waited < 1.2


def test_a_latency_shrinks_towards_its_median_and_needless_kinds_go() -> None:
    deviations = (
        Deviation("fault", "main:break", 0, 1),
        Deviation("data", "main:size", 0, 77),
        Deviation("latency", "main:wait", 0, 1_000),
    )
    with guarded():
        run = run_once(as_program(slow_or_faulty), Replay(Schedule(deviations)))
        small = shrink(run)
    # in the order of the quantiles, 3/4 is the first above the median that makes 1.2 s
    assert small.schedule.deviations == (Deviation("latency", "main:wait", 0, 2),)


async def independent_switches(world: World) -> None:
    """Two tasks that touch different things, and a third that fails whatever they do."""

    async def busy(name: str) -> None:
        for _ in range(3):
            await world.step(writes=[name])

    async with trio.open_nursery() as nursery:
        nursery.start_soon(busy, "x")
        nursery.start_soon(busy, "y")
    raise ValueError("always")


def observed(program: Program, schedule: Schedule) -> Run:
    return observed_run(program, Replay(schedule), limits=LIMITS, settings=run_settings(program))


def run_settings(program: Program):
    return run_once(program, Replay(), limits=LIMITS).settings


def test_independent_events_commute_until_no_switch_is_left() -> None:
    program = as_program(independent_switches)
    random = by_name("random", entropy=3)
    with guarded():
        random.begin()
        raw = run_once(program, random, limits=LIMITS)
        assert raw.preemptions >= 2
        seen = observed(program, raw.schedule)
        tasks = [event.task for event in fewest_switches(seen.events)]
    # main, then each task in one go, then main
    assert sum(a != b for a, b in pairwise(tasks)) == 3

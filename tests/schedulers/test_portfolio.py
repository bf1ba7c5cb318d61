"""The portfolio finds what its parts find, proves what it can, and needs no tuning."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest
import trio

from raceexplore import Run, Settings, by_name, explore, run_once, world
from raceexplore.kernel.fence.guard import guarded
from raceexplore.kernel.program import Limits, as_program
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.search.programs.load import load_program

PROGRAMS = Path(__file__).resolve().parents[2] / "benchmarks" / "power_programs"


def runs(program, scheduler, count: int, *, until_failure: bool = False) -> list[Run]:
    found = []
    for _ in range(count):
        if not scheduler.begin():
            break
        run = observed_run if getattr(scheduler, "observes", False) else run_once
        found.append(run(program, scheduler, limits=Limits(), settings=Settings()))
        scheduler.end(found[-1])
        if until_failure and found[-1].failure is not None:
            break
    return found


def declared(tasks: int, steps: int):
    """A program whose tasks write to one place, which they say, as nobody could see it."""

    async def program() -> None:
        world().touch(write=False)

        async def task() -> None:
            for i in range(steps):
                if i:
                    await trio.lowlevel.checkpoint()
                world().touch("x", write=True)

        async with trio.open_nursery() as nursery:
            for _ in range(tasks):
                nursery.start_soon(task)
        world().touch(write=False)

    return program


def test_the_first_run_preempts_nobody() -> None:
    scheduler = by_name("portfolio", entropy=7)
    first, *_ = runs(load_program(f"{PROGRAMS}/values.py:lost_update"), scheduler, 1)
    assert (first.preemptions, first.outcome) == (0, "passed")


def turns(program, count: int) -> list[str]:
    """Return whose each of the first runs of ``program`` is."""
    scheduler, found = by_name("portfolio", entropy=3), []
    with guarded():
        for _ in range(count):
            scheduler.begin()
            found.append(type(scheduler._turn).__name__.lower())
            run = observed_run if scheduler.observes else run_once
            scheduler.end(run(program, scheduler, limits=Limits(), settings=Settings()))
    return found


def test_the_first_runs_are_unlike_each_other() -> None:
    begins = turns(as_program(declared(4, 4)), 36)
    assert begins[:9] == [
        "relay", "lockstep", "proof", "urw", "lockstep", "urw", "urw", "lockstep", "proof",
    ]  # fmt: skip
    assert [i for i, n in enumerate(begins, 1) if n == "proof"] == [3, 9, 12, 20, 30]
    assert [i for i, name in enumerate(begins, 1) if name == "relay"] == [1, 15, 25, 35]


def of_one_kind(program, spec: str, scheduler, count: int) -> list[Run]:
    """Return the runs among the first ``count`` that are ``spec``'s."""
    found = []
    for _ in range(count):
        scheduler.begin()
        run = observed_run if scheduler.observes else run_once
        done = run(program, scheduler, limits=Limits(), settings=Settings())
        if scheduler._arm == spec:
            found.append(done)
        scheduler.end(done)
    return found


def test_its_uniform_walks_are_those_of_urw_alone() -> None:
    program = load_program(f"{PROGRAMS}/signals.py:bounded_buffer")
    with guarded():
        within = of_one_kind(program, "urw", by_name("portfolio", entropy=9), 60)
        alone = runs(program, by_name("urw", entropy=9), len(within))
    assert len(alone) >= 5
    assert [run.schedule for run in within] == [run.schedule for run in alone]


def test_the_races_it_reverses_are_those_of_dpor_alone() -> None:
    program = load_program(f"{PROGRAMS}/values.py:deep3")
    scheduler = by_name("portfolio")
    found = []
    with guarded():
        for number in range(1, 50):
            scheduler.begin()
            run = observed_run if scheduler.observes else run_once
            done = run(program, scheduler, limits=Limits(), settings=Settings())
            scheduler.end(done)
            if number == 1 or scheduler._turn is scheduler._proof:
                found.append(done.schedule)
        alone = runs(program, by_name("dpor"), len(found))
    assert found == [run.schedule for run in alone]


def test_what_reverses_races_finds_with_its_third_run_is_found_by_the_ninth() -> None:
    for name in ("values.py:deep3", "values.py:time_of_check"):  # `dpor` alone: the third
        program = load_program(f"{PROGRAMS}/{name}")
        for entropy in range(3):
            scheduler = by_name("portfolio", entropy=entropy)
            with guarded():
                assert len(runs(program, scheduler, 100, until_failure=True)) <= 9


def test_where_something_is_drawn_only_the_first_run_keeps_to_the_medians() -> None:
    async def draws() -> None:
        world().pick("colour", "rgb")
        async with trio.open_nursery() as nursery:
            for _ in range(4):
                nursery.start_soon(trio.lowlevel.checkpoint)

    found = turns(as_program(draws), 60)
    assert [i for i, name in enumerate(found) if name == "relay"] == [0, 19, 29, 39, 49, 59]
    assert "proof" not in found


def test_a_small_program_is_explored_to_the_end() -> None:
    campaign = explore(declared(3, 2), scheduler="portfolio", stop="never", budget=5_000)
    # three tasks of two conflicting events each: 6! / (2! 2! 2!) trace classes
    assert (campaign.complete, campaign.classes) == (True, 90)
    assert campaign.runs < 600


def test_a_tiny_program_is_explored_within_the_budget_of_a_unit_test() -> None:
    campaign = explore(declared(2, 2), scheduler="portfolio", budget=100)
    assert (campaign.complete, campaign.classes) == (True, 6)
    assert "all 6 trace classes explored" in campaign.certificate


def test_a_proof_that_missed_a_class_is_not_believed() -> None:
    program, scheduler = as_program(declared(2, 2)), by_name("portfolio")
    proof = scheduler._proof
    with guarded():
        runs(program, scheduler, 40)
        assert proof.finished
        proof.scheduler.classes._shown.popitem()  # as if it had overlooked it
        assert len(runs(program, scheduler, 400)) == 400
    assert not proof.finished
    assert proof.scheduler is None


def test_a_program_with_draws_is_never_called_complete() -> None:
    async def draws() -> None:
        world().touch(write=False)
        world().pick("colour", "rgb")
        await trio.lowlevel.checkpoint()
        world().touch(write=False)

    campaign = explore(draws, scheduler="portfolio", stop="never", budget=800)
    assert (campaign.complete, campaign.runs) == (False, 800)


def test_elastic_time_is_never_called_complete() -> None:
    settings = Settings(time="elastic")
    scheduler, program = "portfolio", load_program(f"{PROGRAMS}/values.py:lost_update")
    campaign = explore(
        program, scheduler=scheduler, stop="never", budget=700, settings=settings, shrink=False
    )
    assert not campaign.complete


def test_where_nothing_is_observed_only_blind_samplers_run() -> None:
    async def closure() -> None:
        async with trio.open_nursery() as nursery:
            for _ in range(4):
                nursery.start_soon(trio.lowlevel.checkpoint)

    scheduler, program = by_name("portfolio"), as_program(closure)
    observed = []
    for _ in range(300):
        scheduler.begin()
        observed.append(scheduler.observes)
        run = observed_run if scheduler.observes else run_once
        scheduler.end(run(program, scheduler, limits=Limits(), settings=Settings()))
    assert observed == [True] + [False] * 299


def test_deep3_is_found_in_fewer_than_100_schedules() -> None:
    program = load_program(f"{PROGRAMS}/values.py:deep3")
    needed = []
    with guarded():
        for entropy in range(30):
            scheduler = by_name("portfolio", entropy=entropy)
            found = runs(program, scheduler, 3_000, until_failure=True)
            needed.append(len(found))
    print(sorted(needed))
    assert median(needed) < 100


def test_deep3_is_shrunk_to_three_segments() -> None:
    program = load_program(f"{PROGRAMS}/values.py:deep3")
    (found,) = explore(program, scheduler="portfolio", budget=3_000).failures
    events = found.run.events
    crash = next(event.number for event in events if event.error)  # what follows is unwinding
    tasks = [event.task for event in events[: crash + 1] if event.task != "main"]
    segments = [task for i, task in enumerate(tasks) if i == 0 or tasks[i - 1] != task]
    assert segments == ["main/victim#1", "main/n1#1", "main/n2#1"]
    assert (found.run.preemptions, found.run.schedule.size, found.one_minimal) == (1, 1, True)


SCRIPT = """
import sys
from raceexplore import explore
from raceexplore.search.programs.load import load_program
program = load_program(sys.argv[1])
c = explore(program, scheduler=sys.argv[2], entropy=5, budget=60, stop="never", shrink=False)
found = [(f.fingerprint, f.first_run, f.count, f.original.seed) for f in c.failures]
print(c.runs, c.classes, found)
"""


@pytest.mark.parametrize(
    "name", ["portfolio", "surw", "pos", "urw", "swarm", "freeze", "lockstep", "feedback"]
)
def test_a_campaign_does_not_depend_on_the_hash_seed(name: str) -> None:
    told = set()
    for seed in ("1", "2"):
        command = [sys.executable, "-c", SCRIPT, f"{PROGRAMS}/containers.py:aba_stack", name]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        told.add(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)
    assert len(told) == 1

"""Census counts what a program does, and not how it is unwound."""

from __future__ import annotations

import trio

from raceexplore import Replay, Schedule, Settings, explore, world
from raceexplore.kernel.program import Limits, as_program
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.toolbox import Census


async def torn() -> None:
    """Fails where the reader comes between the two writes."""
    half = [False]

    async def writes() -> None:
        half[0] = True
        world().touch("x", write=True)
        await trio.lowlevel.checkpoint()
        half[0] = False
        world().touch("x", write=True)

    async def reads() -> None:
        await trio.lowlevel.checkpoint()
        world().touch("x", write=False)
        assert not half[0]

    async with trio.open_nursery() as nursery:
        nursery.start_soon(writes)
        nursery.start_soon(reads)
        nursery.start_soon(trio.lowlevel.checkpoint)


def test_a_failed_run_adds_no_place_that_only_its_unwinding_writes() -> None:
    (found,) = explore(torn, budget=100).failures
    program, census, known = as_program(torn), Census(), []
    for schedule in (Schedule(), found.run.schedule):
        run = observed_run(program, Replay(schedule), limits=Limits(), settings=Settings())
        census.learn(run)
        known.append((run.outcome, dict(census.places)))
    assert [outcome for outcome, _ in known] == ["passed", "failed"]
    assert known[0][1] == known[1][1]


def test_the_end_of_the_main_task_counts_for_nothing() -> None:
    async def program() -> None:
        world().touch(write=False)

        async def reads() -> None:
            world().touch("x", write=False)
            await trio.lowlevel.checkpoint()
            world().touch("y", write=True)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(reads)
            nursery.start_soon(reads)
        world().touch("x", "y", write=True)  # all others have ended: no order to choose

    census, start = Census(), Replay()
    census.learn(observed_run(as_program(program), start, limits=Limits(), settings=Settings()))
    # nobody but the main task writes to x; y is written twice, by the two tasks
    assert {place[0]: count for place, count in census.places.items()} == {"declared y": 2}

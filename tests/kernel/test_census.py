"""Census counts what a program does, and not how it is unwound."""

from __future__ import annotations

import trio

from raceexplore import Census, Replay, Schedule, Settings, explore, world
from raceexplore.kernel.program import Limits, as_program
from raceexplore.search.observation import observed_run


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

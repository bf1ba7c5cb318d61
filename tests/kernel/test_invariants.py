"""`World.always` holds from the event that says it to the last one, recorded or not."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from raceexplore import Replay, Run, Settings, World
from raceexplore.kernel.run import run_once


def once(program: Any, **options: Any) -> Run:
    return run_once(program, Replay(), **options)


async def broken_from_the_start(world: World) -> None:
    await trio.sleep(1)
    world.always("two", lambda: False)
    await trio.sleep(1)


async def broken_in_the_last_event(world: World) -> None:
    await trio.sleep(1)
    world.always("one", lambda: True)
    world.always("two", lambda: False)


async def broken_while_only_the_other_runs(world: World) -> None:
    seen = [0]

    async def other() -> None:
        await trio.sleep(1)
        seen[0] = 1
        await trio.sleep(1)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(other)
        world.always("two", lambda: not seen[0])


@pytest.mark.parametrize("record", [False, True])
@pytest.mark.parametrize("time", ["strict", "elastic"])
@pytest.mark.parametrize("order", ["any", "passes"])
@pytest.mark.parametrize(
    ("program", "of"),
    [
        (broken_from_the_start, "main"),
        (broken_in_the_last_event, "main"),
        (broken_while_only_the_other_runs, "main/other#1"),
    ],
)
def test_an_invariant_that_breaks_ends_the_run_in_that_event(
    program: Any, of: str, record: bool, time: Any, order: Any
) -> None:
    run = once(program, record=record, settings=Settings(time=time, order=order))
    assert run.failure is not None
    assert run.failure.message == f"'two' does not hold after an event of {of}"
    assert run.virtual_s == 1


def test_a_predicate_runs_in_the_task_whose_event_it_follows() -> None:
    tasks = []

    async def program(world: World) -> None:
        def predicate() -> bool:
            tasks.append(trio.lowlevel.current_task().name.rpartition(".")[2])
            return True

        async def other() -> None:
            await trio.lowlevel.checkpoint()

        world.always("seen", predicate)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(other)

    assert once(program).outcome == "passed"
    assert tasks == ["program", "other", "other", "program"]


def test_an_invariant_is_checked_once_an_event() -> None:
    checks = []

    async def program(world: World) -> None:
        world.always("counted", lambda: checks.append(1) or True)  # type: ignore[func-returns-value]
        for _ in range(3):
            await trio.lowlevel.checkpoint()

    run = once(program)
    assert (run.steps, len(checks)) == (4, 4)

"""What asyncio only logs is a failure; each names the task and what to do, and can be allowed."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from raceexplore import Replay, run_once
from raceexplore.kernel.outcome import Run
from raceexplore.kernel.program import Settings


def quiet(program: Any, allow: str = "") -> Run:
    scheduler = Replay()
    scheduler.begin()
    return run_once(program, scheduler, settings=Settings(allow=allow))


async def never_retrieved() -> None:
    async def fails() -> None:
        raise ValueError("lost")

    task = asyncio.create_task(fails())
    await asyncio.sleep(1)
    del task


async def never_awaited() -> None:
    async def work() -> None:
        pass

    work()


async def tasks_left() -> None:
    async def serve() -> None:
        await asyncio.sleep(1000)

    tasks_left.task = asyncio.create_task(serve())  # type: ignore[attr-defined]
    await asyncio.sleep(0)


async def callback_error() -> None:
    asyncio.get_running_loop().call_soon({}.__getitem__, "missing")
    await asyncio.sleep(1)


async def swallowed() -> None:
    async def stubborn() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(1000)

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    task.cancel()
    await task


async def handling_an_error_of_its_clean_up() -> None:
    async def careful() -> None:
        with suppress(ValueError):
            try:
                await asyncio.sleep(1000)
            finally:
                raise ValueError("no connection")

    task = asyncio.create_task(careful())
    await asyncio.sleep(0)
    task.cancel()
    await task


def test_an_error_that_took_the_place_of_a_cancellation_is_the_programs_to_handle() -> None:
    assert quiet(handling_an_error_of_its_clean_up).failure is None


KINDS = {
    never_retrieved: ("exception never retrieved", "main/fails#1 raised ValueError: lost"),
    never_awaited: ("never awaited", "work() was never awaited"),
    tasks_left: ("tasks left", "main/serve#1 is not done"),
    callback_error: ("callback error", "KeyError: 'missing'"),
    swallowed: ("swallowed cancellation", "its CancelledError was neither raised again nor"),
}


@pytest.mark.parametrize("program", KINDS, ids=lambda program: program.__name__)
def test_each_kind_is_a_failure_and_can_be_allowed(program: Any) -> None:
    kind, says = KINDS[program]
    failure = quiet(program).failure
    assert failure is not None
    assert failure.kind == kind
    assert says in failure.message
    assert quiet(program, allow=kind).failure is None


def test_a_deadlock_names_the_cycle_of_locks_and_tasks() -> None:
    async def program() -> None:
        first, second = asyncio.Lock(), asyncio.Lock()

        async def take(one: asyncio.Lock, other: asyncio.Lock) -> None:
            async with one:
                await asyncio.sleep(0)
                async with other:
                    pass

        await asyncio.gather(take(first, second), take(second, first))

    failure = quiet(program).failure
    assert failure is not None
    assert failure.kind == "deadlock"
    assert "main/take#1 -> main/take#2 -> main/take#1" in failure.message
    assert [(wait.task, wait.what, wait.holders) for wait in failure.waits] == [
        ("main", "another task", ("main/take#1", "main/take#2")),
        ("main/take#1", "a Lock", ("main/take#2",)),
        ("main/take#2", "a Lock", ("main/take#1",)),
    ]


def test_a_wait_for_an_event_that_nobody_sets_is_a_deadlock() -> None:
    async def program() -> None:
        await asyncio.Event().wait()

    failure = quiet(program).failure
    assert failure is not None
    assert failure.waits[0].what == "an Event"


def test_a_loop_that_gets_nowhere_is_a_livelock() -> None:
    async def program() -> None:
        while True:  # noqa: ASYNC110 this is what is tested
            await asyncio.sleep(0)

    failure = quiet(program).failure
    assert failure is not None
    assert failure.kind == "livelock"


def test_a_cancelled_main_task_fails_the_run() -> None:
    async def program() -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(1)

    failure = quiet(program).failure
    assert failure is not None
    assert failure.kind == "CancelledError"


def test_a_program_with_its_own_exception_handler_is_believed() -> None:
    handled: list[str] = []

    async def program() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: handled.append(context["message"]))
        loop.call_soon({}.__getitem__, "missing")
        await asyncio.sleep(1)

    assert quiet(program).failure is None
    assert len(handled) == 1


def test_a_failed_task_of_another_class_is_freed_when_the_program_lets_go() -> None:
    heard: list[str] = []

    class Mine(asyncio.Task):  # type: ignore[type-arg]
        pass

    async def program() -> None:
        async def fails() -> None:
            raise ZeroDivisionError

        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: heard.append(str(context["message"])))
        Mine(fails(), loop=loop)
        await asyncio.sleep(0)
        assert heard == ["Mine exception was never retrieved"]

    scheduler = Replay()
    scheduler.begin()
    assert run_once(program, scheduler, settings=Settings(runtime="asyncio")).failure is None

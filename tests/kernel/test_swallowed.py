"""A Cancelled that comes to no scope is a failure; trio's own helpers give no false alarm."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any

import pytest
import trio

from raceexplore import BadOption, Replay, Run, Schedule, Settings, by_name, explore
from raceexplore.kernel.run import run_once

KIND = "swallowed cancellation"


def once(program: Callable[..., Any]) -> Run:
    return run_once(program, Replay(Schedule()))


async def suppressing() -> None:
    with suppress(trio.Cancelled):
        await trio.sleep_forever()


async def returning_at_last() -> None:
    try:
        await trio.sleep_forever()
    except BaseException:  # noqa: BLE001 the bug under test
        return


async def cancelled_child(child: Callable[[], Any]) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(child, name="child")
        await trio.sleep(1)
        nursery.cancel_scope.cancel()


async def swallowing_its_own_time_out() -> None:
    with trio.move_on_after(1):
        await suppressing()


@pytest.mark.parametrize("child", [suppressing, returning_at_last])
def test_a_child_that_ends_when_its_nursery_is_cancelled_has_swallowed_nothing(child: Any) -> None:
    async def program() -> None:
        await cancelled_child(child)

    assert once(program).failure is None  # trio treats the nursery's block as done


@pytest.mark.parametrize("child", [suppressing, returning_at_last])
def test_a_child_that_swallows_its_time_out_is_told_with_the_line_of_its_await(child: Any) -> None:
    async def in_time() -> None:
        with trio.move_on_after(1):
            await child()

    async def program() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(in_time, name="child")

    failure = once(program).failure
    assert failure is not None
    assert failure.kind == KIND
    assert failure.message.startswith(f"main/child was cancelled at {__file__}:{failure.site.line}")
    assert failure.site.function == child.__name__


async def failing_to_clean_up() -> None:
    with suppress(ValueError), trio.move_on_after(1):
        try:
            await trio.sleep_forever()
        finally:
            raise ValueError("no connection")


def test_an_error_of_a_clean_up_that_is_handled_outside_is_no_swallowed_cancellation() -> None:
    assert once(failing_to_clean_up).failure is None


async def cancelled_twice() -> None:
    with trio.move_on_after(1) as outer, trio.move_on_after(2) as inner:
        inner.cancel()
        outer.cancel()
        await trio.sleep_forever()


def test_the_inner_of_two_cancelled_scopes_need_not_catch() -> None:
    assert once(cancelled_twice).failure is None


def test_swallowed_cancellations_can_be_allowed() -> None:
    settings = Settings(allow="swallowed cancellation")
    assert run_once(swallowing_its_own_time_out, Replay(), settings=settings).failure is None
    with pytest.raises(BadOption, match="allow is one of swallowed cancellation, waits for ever"):
        Settings(allow="deadlock")


def test_a_swallowed_cancellation_does_not_end_a_campaign_before_another_failure() -> None:
    async def program() -> None:
        await swallowing_its_own_time_out()
        box: list[str] = []
        async with trio.open_nursery() as nursery:
            for name in ("ann", "bob"):
                nursery.start_soon(add, box, name)
        assert box == ["ann", "bob"], "another failure"

    found = explore(program, budget=60).failures
    assert [failure.kind for failure in found] == [KIND, "AssertionError"]


async def add(box: list[str], name: str) -> None:
    await trio.lowlevel.checkpoint()
    box.append(name)


def test_the_main_task_may_not_swallow_either() -> None:
    failure = once(swallowing_its_own_time_out).failure
    assert failure is not None
    assert (failure.kind, failure.site.function) == (KIND, "suppressing")


def test_a_failure_that_cancels_others_is_told_first() -> None:
    async def program() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(suppressing)
            await trio.sleep(1)
            raise ValueError("the cause")

    failure = once(program).failure
    assert failure is not None
    assert failure.kind == "ValueError"


def test_what_is_delivered_again_and_comes_to_its_scope_is_not_swallowed() -> None:
    async def program() -> None:
        with trio.move_on_after(1):
            await suppressing()
            await trio.lowlevel.checkpoint()

    assert once(program).outcome == "passed"


async def sleeping() -> None:
    for _ in range(3):
        await trio.sleep(1)


async def timing_out() -> None:
    with trio.move_on_after(1):
        await trio.sleep_forever()
    with pytest.raises(trio.TooSlowError), trio.fail_after(1):
        await trio.sleep_forever()


async def nested_time_outs() -> None:
    with trio.move_on_after(2):
        with trio.move_on_after(2):
            try:
                await trio.sleep_forever()
            finally:
                with trio.move_on_after(1) as scope:
                    scope.shield = True
                    await trio.sleep_forever()
        await trio.sleep_forever()


async def cancelling_a_nursery() -> None:
    await cancelled_child(trio.sleep_forever)
    with trio.move_on_after(1):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            await trio.sleep_forever()


async def cancelling_a_condition() -> None:
    condition = trio.Condition()
    with trio.move_on_after(1):
        async with condition:
            await condition.wait()


async def cancelling_channels_and_locks() -> None:
    send, receive = trio.open_memory_channel[int](0)
    lock = trio.Lock()
    await lock.acquire()
    for wait in (send.send_nowait, lock.acquire, receive.receive, trio.Semaphore(0).acquire):
        with trio.move_on_after(1), suppress(trio.WouldBlock, RuntimeError):
            await (wait(1) if wait == send.send_nowait else wait())  # type: ignore[call-arg, func-returns-value]
    with trio.move_on_after(1):
        await send.send(1)


async def closing_by_force() -> None:
    stream, _ = trio.testing.memory_stream_pair()
    await trio.aclose_forcefully(stream)


async def starting() -> None:
    async def service(task_status: Any = trio.TASK_STATUS_IGNORED) -> None:
        await trio.sleep(5)
        task_status.started()

    with trio.move_on_after(1):
        async with trio.open_nursery() as nursery:
            await nursery.start(service)


async def leaving_a_generator() -> None:
    async def numbers() -> AsyncIterator[int]:
        try:
            while True:
                yield 1
                await trio.sleep(1)
        finally:
            await trio.lowlevel.cancel_shielded_checkpoint()

    with trio.move_on_after(3):
        async with aclosing(numbers()) as found:  # type: ignore[type-var]
            async for _ in found:
                await trio.sleep(1)


async def a_context_with_a_nursery() -> None:
    @asynccontextmanager
    async def background() -> AsyncIterator[None]:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            yield
            nursery.cancel_scope.cancel()

    async with background():
        await trio.sleep(1)
    with trio.move_on_after(1):
        async with background():
            await trio.sleep_forever()


async def in_a_thread() -> None:
    with trio.move_on_after(1):
        await trio.to_thread.run_sync(bool)
        await trio.sleep(2)


@pytest.mark.parametrize(
    "program",
    [
        sleeping, timing_out, nested_time_outs, cancelling_a_nursery, cancelling_a_condition,
        cancelling_channels_and_locks, closing_by_force, starting, leaving_a_generator,
        a_context_with_a_nursery, in_a_thread,
    ],
)  # fmt: skip
def test_trios_own_ways_give_no_false_alarm(program: Any) -> None:
    assert once(program).failure is None
    scheduler = by_name("random", entropy=2)
    for _ in range(30):
        scheduler.begin()
        run = run_once(program, scheduler)
        scheduler.end(run)
        assert run.failure is None

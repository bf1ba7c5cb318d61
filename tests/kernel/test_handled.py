"""Who handles an error that took the place of a Cancelled has swallowed nothing."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import trio

from raceexplore import Replay, Run, Schedule, explore
from raceexplore.kernel.run import run_once

KIND = "swallowed cancellation"


def once(program: Any) -> Run:
    return run_once(program, Replay(Schedule()))


async def failing_by_a_finally() -> None:
    try:
        await trio.sleep_forever()
    finally:
        raise ValueError("no connection")


async def failing_by_an_except() -> None:
    try:
        await trio.sleep_forever()
    except BaseException:  # noqa: BLE001 a clean-up of whatever it is
        raise ValueError("no connection") from None


class Connection:
    async def __aenter__(self) -> None:
        pass

    async def __aexit__(self, *error: object) -> None:
        with trio.CancelScope(shield=True):
            await trio.sleep(1)
        raise ValueError("no connection")


async def failing_by_a_context() -> None:
    async with Connection():
        await trio.sleep_forever()


@asynccontextmanager
async def connection() -> AsyncIterator[None]:
    try:
        yield
    finally:
        raise ValueError("no connection")


async def failing_by_a_generator() -> None:
    async with connection():
        await trio.sleep_forever()


async def failing_and_closing_quietly() -> None:
    try:
        await trio.sleep_forever()
    finally:
        with suppress(OSError):
            raise OSError("a quiet one")
        raise ValueError("no connection")


FAILING = (
    failing_by_a_finally, failing_by_an_except, failing_by_a_context, failing_by_a_generator,
    failing_and_closing_quietly,
)  # fmt: skip


@pytest.mark.parametrize("cleanup", FAILING)
def test_an_error_of_a_clean_up_that_is_handled_inside_of_the_scope_is_none_either(
    cleanup: Any,
) -> None:
    seen: list[str] = []

    async def by_except() -> None:
        with trio.move_on_after(1):
            try:
                await cleanup()
            except ValueError:
                seen.append("handled")

    async def by_suppress() -> None:
        with trio.move_on_after(1), suppress(ValueError):
            await cleanup()

    async def in_a_task() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(by_except)
            nursery.start_soon(by_suppress)

    for program in (by_except, by_suppress, in_a_task):
        run = once(program)
        assert (run.outcome, run.failure) == ("passed", None)
        assert explore(program, budget=4).failures == ()


async def swallowing_by_an_inner_error() -> None:
    try:
        await trio.sleep_forever()
    except trio.Cancelled:
        with suppress(OSError):
            raise OSError("what closing said") from None


async def swallowing_by_return() -> None:
    try:
        await trio.sleep_forever()
    finally:
        with suppress(OSError):
            raise OSError("what closing said") from None
        return  # noqa: B012 the bug under test


async def swallowing_by_a_generator() -> None:
    @asynccontextmanager
    async def quiet() -> AsyncIterator[None]:
        with suppress(trio.Cancelled):
            yield

    async with quiet():
        await trio.sleep_forever()


async def swallowing_and_failing_later() -> None:
    with suppress(trio.Cancelled):
        await trio.sleep_forever()
    with suppress(ValueError):
        raise ValueError("something else")


@pytest.mark.parametrize(
    "child",
    [
        swallowing_by_an_inner_error,
        swallowing_by_return,
        swallowing_by_a_generator,
        swallowing_and_failing_later,
    ],
)
def test_who_catches_the_cancelled_itself_swallows_it_whatever_else_is_raised(child: Any) -> None:
    async def program() -> None:
        with trio.move_on_after(1):
            await child()

    failure = once(program).failure
    assert failure is not None
    assert (failure.kind, failure.site.function) == (KIND, child.__qualname__)


def test_to_look_at_handlers_disturbs_nobody_who_traces() -> None:
    def tracer(*_: object) -> None:
        return None

    async def swallows() -> None:
        with trio.move_on_after(1):
            await swallowing_by_an_inner_error()

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        assert once(swallows).failure is not None
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(before)

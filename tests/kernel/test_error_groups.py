"""A group of errors is told by the one that came first in time: the rest is what it led to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import trio
from trio.testing import memory_stream_pair

from raceexplore import Replay, Run
from raceexplore.kernel.run import run_once


def once(program: Callable[..., Any]) -> Run:
    return run_once(program, Replay())


async def two_on_one_stream() -> None:
    ours, theirs = memory_stream_pair()

    async def read() -> None:
        await ours.receive_some(1)

    async def read_and_tidy_up() -> None:
        try:
            await read()
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(1)
            raise StopAsyncIteration("what followed")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read_and_tidy_up, name="ann")
        await trio.sleep(1)
        await read()
        await theirs.send_all(b"x")


async def inner_block_first() -> None:
    async def child() -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise KeyError("what followed")

    async def inner() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(child)
            await trio.sleep(1)
            raise ValueError("first")

    async def other() -> None:
        await trio.sleep(2)
        raise RuntimeError("last")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(other)
        nursery.start_soon(inner)


@pytest.mark.parametrize(
    ("program", "kind"),
    [(two_on_one_stream, "BusyResourceError"), (inner_block_first, "ValueError")],
)
def test_a_group_is_told_by_the_error_that_came_first_in_time(
    program: Callable[..., Any], kind: str
) -> None:
    failure = once(program).failure
    assert failure is not None
    assert failure.kind == kind


def test_a_group_has_the_fingerprint_of_its_first_error_alone() -> None:
    async def alone() -> None:
        await raise_first()

    async def followed() -> None:
        async def follow() -> None:
            try:
                await trio.sleep_forever()
            finally:
                raise KeyError("what followed")

        async with trio.open_nursery() as nursery:
            nursery.start_soon(follow)
            await trio.sleep(1)
            await raise_first()

    async def raise_first() -> None:
        raise ValueError("first")

    one, other = once(alone).failure, once(followed).failure
    assert one is not None
    assert other is not None
    assert one.fingerprint == other.fingerprint

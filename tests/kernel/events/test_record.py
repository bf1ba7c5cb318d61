"""What the recorder writes down: values without running their code, and who was cancelled."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import pytest
import trio

from raceexplore import Replay, Schedule, World
from raceexplore.kernel.run import run_once


class Loud:
    """Its methods must not run."""

    def __repr__(self) -> str:
        raise AssertionError("code of the program has run")

    __str__ = __len__ = __getitem__ = __format__ = __repr__  # type: ignore[assignment]


class Text(Loud, str):
    """A str of the program's own."""

    __slots__ = ()


class Number(Loud, int):
    """An int of the program's own."""


class Meta(type):
    """A metaclass that does not tell the name."""

    @property
    def __name__(cls) -> str:
        raise AssertionError("code of the program has run")


class Hidden(metaclass=Meta):
    """A class of it."""


class Colour(IntEnum):
    """A member is an int."""

    RED = 3

    def __repr__(self) -> str:
        raise AssertionError("code of the program has run")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Text("north"), "'north'"),
        (Number(7), "7"),
        (Colour.RED, "3"),
        (True, "True"),
        (None, "None"),
        (Hidden(), "Hidden"),
        (Loud(), "Loud"),
        (b"x" * 10_000_000, "b'" + "x" * 35 + "..."),
        ("y" * 38, "'" + "y" * 38 + "'"),
        ("y" * 39, "'" + "y" * 36 + "..."),
        (10**5000, "int of 16610 bits"),
    ],
    ids=range(11),
)
def test_a_drawn_value_is_told_without_running_its_code(value: Any, text: str) -> None:
    async def program(world: World) -> None:
        world.pick("what", [value, None])

    run = run_once(program, Replay(Schedule()), record=True)
    assert run.failure is None
    assert [drawn for event in run.events for _, _, drawn in event.draws] == [text]


async def cancelled_in_its_own_time() -> None:
    """Ann sleeps to the end of her sleep; bob's is cut short."""

    async def sleep(for_s: float, patience_s: float) -> None:
        with trio.move_on_after(patience_s):
            await trio.sleep(for_s)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(sleep, 1, 3, name="ann")
        nursery.start_soon(sleep, 2, 1, name="bob")


def test_an_event_knows_that_it_began_with_a_cancellation() -> None:
    run = run_once(cancelled_in_its_own_time, Replay(Schedule()), record=True)
    assert [(event.task, event.nth) for event in run.events if event.cancelled] == [("main/bob", 2)]


async def cancelled_twice() -> None:
    """A cancelled task that awaits again is cancelled again."""
    with trio.CancelScope() as scope:
        scope.cancel()
        try:
            await trio.sleep(1)
        finally:
            await trio.sleep(1)


def test_an_event_may_begin_and_end_in_a_cancelled_await() -> None:
    run = run_once(cancelled_twice, Replay(Schedule()), record=True)
    assert [event.cancelled for event in run.events] == [False, True, True]


async def crash_beside() -> None:
    """A crash cancels the sibling; the parent waits for both, and is not interrupted."""

    async def crash() -> None:
        raise ValueError

    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.sleep_forever, name="ann")
        nursery.start_soon(crash)


def test_a_crash_cancels_those_beside_it() -> None:
    run = run_once(crash_beside, Replay(Schedule()), record=True)
    cancelled = [event.task for event in run.events if event.cancelled]
    assert cancelled == ["main/ann"]

"""What the recorder writes down of values runs no code of the program, and stays short."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import pytest

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

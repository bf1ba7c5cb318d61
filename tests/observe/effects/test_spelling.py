"""A value is told by its content where that is short, and never by its address."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

import pytest

from raceexplore.observe.effects.spelling import VALUE_LENGTH, spelled_value


class Colour(Enum):
    RED = 1

    def __repr__(self) -> str:
        raise AssertionError("no code of the program runs")


class Point(NamedTuple):
    x: int
    y: int


@dataclass
class Job:
    state: Colour
    owner: str = ""


@dataclass(slots=True)
class Slotted:
    left: int


class Plain:
    def __repr__(self) -> str:
        raise AssertionError("no code of the program runs")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Colour.RED, "Colour.RED"),
        (Point(1, 2), "Point(x=1, y=2)"),
        (Job(Colour.RED, "ann"), "Job(state=Colour.RED, owner='ann')"),
        (Slotted(3), "Slotted(left=3)"),
        ([], "[]"),
        ([1, "a"], "[1, 'a']"),
        ([Plain(), Plain()], "[Plain, Plain]"),
        ((1,), "(1,)"),
        ({2, 1}, "{1, 2}"),
        (set(), "set()"),
        (frozenset({1}), "frozenset({1})"),
        ({"a": [1]}, "{'a': [1]}"),
        (OrderedDict(a=1), "{'a': 1}"),
        (deque([1]), "deque([1])"),
        ([[[1]]], "[[list of 1]]"),
        (list(range(7)), "list of 7"),
        (["long" * 9, "long" * 9], "list of 2"),
        (bytearray(b"abc"), "bytearray of 3"),
        (Plain(), "Plain"),
        (Plain, "class Plain"),
        ("x" * 100, "'" + "x" * 36 + "..."),
        (2**300, "int of 301 bits"),
    ],
)
def test_a_value_in_a_few_characters(value: Any, text: str) -> None:
    assert spelled_value(value, VALUE_LENGTH) == text

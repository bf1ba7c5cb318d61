"""picture: it differs once something has changed, and is None where a change might not show."""

from __future__ import annotations

import itertools
import random
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
import trio

from raceexplore.hypothesis.unchanged import MOST, picture

LEDGER: list[str] = []
TOTAL = 0


class Colour(IntEnum):
    RED = 1


class Shop:
    open: ClassVar[list[str]] = []
    sold = 0

    def __init__(self) -> None:
        self.stock = {"book": 3}

    async def sell(self) -> None:
        Shop.sold += 1


class Slotted:
    __slots__ = ("left", "right")

    def __init__(self) -> None:
        self.left = 1


@dataclass
class Order:
    lines: list[int] = field(default_factory=list)


class Sublist(list[int]):
    pass


async def nothing(*_: object) -> None:
    pass


async def writes_down() -> None:
    LEDGER.append("line")


def adds() -> None:
    global TOTAL  # noqa: PLW0603 as programs do
    TOTAL += 1


async def adds_by_another() -> None:
    adds()


async def remembers(known: list[int] = []) -> None:  # noqa: B006 that is the point
    known.append(1)


def differs(change: Callable[[], Any], function: Any, *arguments: object) -> bool:
    before = picture(function, arguments)
    assert before is not None
    assert picture(function, arguments) == before
    change()
    return picture(function, arguments) != before


CHANGES: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "list": ([1], lambda it: it.append(2)),
    "order of a list": ([1, 2], list.reverse),
    "element": ([1], lambda it: it.__setitem__(0, 2)),
    "dict": ({"a": [1]}, lambda it: it["a"].append(2)),
    "order of a dict": (OrderedDict(a=1, b=2), lambda it: it.move_to_end("a")),
    "set": ({1, 2}, lambda it: it.discard(1)),
    "deque": (deque([1]), lambda it: it.popleft()),
    "list of a class of its own": (Sublist([1]), lambda it: it.append(1)),
    "its attribute": (Sublist([1]), lambda it: setattr(it, "mark", 1)),
    "attribute": (Shop(), lambda it: it.stock.pop("book")),
    "new attribute": (Shop(), lambda it: setattr(it, "closed", True)),
    "slot": (Slotted(), lambda it: setattr(it, "left", 2)),
    "empty slot": (Slotted(), lambda it: setattr(it, "right", 2)),
    "dataclass": (Order(), lambda it: it.lines.append(1)),
    "namespace": (SimpleNamespace(a=1), lambda it: setattr(it, "a", 2)),
    "a method's object": (Shop().sell, lambda it: it.__self__.stock.clear()),
    "a built-in method's object": ([].append, lambda it: it(1)),
    "partial": (partial(nothing, [1]), lambda it: it.args[0].append(2)),
    "trio's lock": (trio.Lock(), lambda it: setattr(it, "_owner", 1)),
    "an exception": (ValueError([1]), lambda it: it.args[0].append(2)),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_of_an_argument_shows(what: str) -> None:
    value, change = CHANGES[what]
    assert differs(lambda: change(value), nothing, value)


async def asserts(shop: Shop) -> None:
    assert shop.stock == {}, "pytest rewrites this"


def test_an_assertion_that_pytest_has_rewritten_hides_nothing() -> None:
    assert any(name.startswith("@") for name in asserts.__code__.co_names)
    shop = Shop()
    assert picture(asserts, [shop]) is not None
    assert differs(lambda: shop.stock.update(a=1), asserts, shop)


def test_a_change_of_what_the_code_names_shows() -> None:
    kept: list[int] = []
    count = 0

    def inner() -> None:
        nonlocal count
        count += 1

    async def closes_over() -> None:
        inner()
        kept.append(1)

    shop = Shop()
    assert differs(lambda: kept.append(1), closes_over)
    assert differs(inner, closes_over)
    assert differs(lambda: LEDGER.append("line"), writes_down)
    assert differs(adds, adds_by_another)
    assert differs(lambda: remembers.__defaults__[0].append(1), remembers)  # type: ignore[index]
    assert differs(lambda: Shop.open.append("now"), shop.sell)
    assert differs(lambda: setattr(Shop, "sold", 9), shop.sell)
    assert differs(lambda: setattr(Shop, "sold", 8), nothing, shop)
    assert not differs(lambda: LEDGER.append("line"), nothing, shop)


@pytest.mark.parametrize(
    "value",
    [
        iter([1]),
        (number for number in [1]),
        itertools.count(),
        random.Random(1),
        threading.Lock(),
        Path("file"),
        cache(list),
        list(map(list, [[]] * MOST)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_where_a_change_might_not_show_there_is_no_picture(value: object) -> None:
    assert picture(nothing, [value]) is None
    assert picture(nothing, [{"deep": [value]}]) is None


def test_constants_and_cycles_are_fine() -> None:
    ring: list[object] = [Colour.RED, Decimal(1), "text", range(3)]
    ring.append(ring)
    before = picture(nothing, [ring, ring])
    assert before is not None
    assert picture(nothing, [ring, ring]) == before
    assert picture(nothing, [ring, list(ring)]) != before


def test_no_code_of_the_program_is_run() -> None:
    class Hostile:
        def __getattribute__(self, name: str) -> object:
            raise AssertionError(name)

        def __eq__(self, other: object) -> bool:
            raise AssertionError

        def __hash__(self) -> int:
            raise AssertionError

        @property
        def value(self) -> int:
            raise AssertionError

    assert picture(nothing, [Hostile()]) == picture(nothing, [Hostile()])

"""Loops whose steps may be in different events: each step is noted when it is made."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from operator import itemgetter
from sys import getrefcount
from types import AsyncGeneratorType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from raceexplore.observe.effects.by_class_of_object import effects
from raceexplore.observe.effects.codes import ITERATOR, READ, VIEW, WRITE
from raceexplore.observe.effects.trio_primitives import is_channel
from raceexplore.observe.hooks import hook as hooks
from raceexplore.observe.hooks.contents import element
from raceexplore.observe.hooks.note import note_behind
from raceexplore.observe.hooks.wrappers import Received

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")


def references(obj: object) -> int:
    """Return how many references to its argument there are, its own included."""
    return getrefcount(obj)


ALONE: Final = references(iter(()))
"""Of an object that is made in the call's argument: nobody else has it."""


def each(obj: T) -> T | Iterator[object]:
    """Take the steps of an iterator, or go through a container, perhaps in several events."""
    ledger = hooks.active
    if ledger is None:
        return obj
    alone = getrefcount(obj) <= ALONE
    effect = effects[type(obj)]["__iter__"]
    if effect not in {READ, VIEW, ITERATOR, WRITE} or (alone and effect == WRITE):
        return hooks.method(obj, "__iter__")

    def again() -> None:
        if hooks.active is not None:
            (behind if alone and effect == ITERATOR else hooks.method)(obj, "__iter__")

    # All in C but the note, so that errors of the iteration have no frame of ours.
    steps = iter(again, again)
    return map(itemgetter(1), zip(steps, obj, strict=False))  # type: ignore[call-overload]


def delegated(obj: T) -> T | Iterator[object]:
    """``yield from obj``: a generator is sent to, and closed, by the one that delegates to it."""
    if not (hasattr(type(obj), "send") or hasattr(type(obj), "close")):
        return each(obj)
    ledger = hooks.active
    if ledger is not None and getrefcount(obj) > ALONE and ledger.names.is_out(ledger.ordinal(obj)):
        ledger.opaque("a step of a shared generator")
    return obj


def elements(obj: T, name: str, inner: str) -> T | Iterator[object]:
    """Iterate where a builtin, or an unpacking, does ``name`` to each element at once."""
    if hooks.active is None or not issubclass(type(obj), Iterable):
        return obj
    steps: Any = each(obj)
    return map(partial(element, name=name, inner=inner), steps)


def behind(obj: T, _: str = "__iter__") -> T:
    """Go through an iterator that nobody else has: reads the containers behind it."""
    ledger = hooks.active
    if ledger is not None:
        note_behind(ledger, obj)
    return obj


def stream(obj: T) -> T | Received:
    """``async for ... in obj``: each step receives, or moves an asynchronous generator on."""
    if is_channel[type(obj)]:
        return Received(obj, hooks.method)
    own = type(obj) is not AsyncGeneratorType or getrefcount(obj) <= ALONE
    return obj if own else Received(obj, moved)


def moved(generator: object, name: str) -> None:
    """Note a step of an asynchronous generator: when others may use it again, is not seen."""
    ledger = hooks.active
    if ledger is not None:
        hooks.method(generator, name)
        if ledger.names.is_out(ledger.ordinal(generator)):
            ledger.opaque("a step of a shared asynchronous generator")

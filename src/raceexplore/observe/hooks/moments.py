"""What ``await``, ``raise`` and ``isinstance`` do to objects that were there before."""

from __future__ import annotations

import asyncio
from inspect import CORO_CREATED, getcoroutinestate
from types import CoroutineType
from typing import Any, Final, TypeVar

from raceexplore.kernel.fence.hostile import is_a
from raceexplore.observe.effects.by_class_of_object import is_observed_class
from raceexplore.observe.effects.locations import ALL
from raceexplore.observe.effects.remember import Kinds
from raceexplore.observe.hooks import hook as hooks
from raceexplore.observe.ledger.ledger import Ledger

T = TypeVar("T")

is_future: Final = Kinds(asyncio.Future)


def awaited(value: T) -> T:
    """Await something that was made before.

    A coroutine that others can reach is theirs as well: who comes second gets an error, and which
    one hangs on how far the first has come, which no place stands for.
    """
    ledger = hooks.active
    if ledger is not None:
        kind = type(value)
        if kind is CoroutineType:
            coroutine: Any = value
            is_out = ledger.names.is_out(ledger.ordinal(value))
            if is_out and getcoroutinestate(coroutine) != CORO_CREATED:
                ledger.opaque("a coroutine that others can reach")
            ledger.write(value, ALL)
        elif is_future[kind]:
            ledger.read(value, ALL)
    return value


def answered(value: T) -> T:
    """Await what a call has given: a future may be others' as well."""
    ledger = hooks.active
    if ledger is not None and is_future[type(value)]:
        ledger.read(value, ALL)
    return value


def raised(value: T) -> T:
    """Raise an exception that was made before: its traceback and its context change."""
    ledger = hooks.active
    if ledger is not None and is_a(value, BaseException):
        for name in ("__traceback__", "__context__", "__cause__", "__suppress_context__"):
            ledger.write(value, name)
    return value


def asked(kind: T, value: object) -> T:
    """Ask whether ``value`` is of ``kind``: a class that other classes register with may say."""
    ledger = hooks.active
    if ledger is not None:
        kinds: Any = kind
        for one in kinds if is_a(kind, tuple) else (kinds,):
            meta = type(one)
            if meta is not type and is_a(one, type) and not is_observed_class(meta):
                note_asked(ledger, one, value)
    return kind


def note_asked(ledger: Ledger, kind: Any, value: object) -> None:
    """Note that an abstract class, or a protocol, is asked whether ``value`` is of it."""
    if getattr(kind, "_is_protocol", False):
        ledger.read(value, ALL)
    ledger.read(kind, "(subclasses)")

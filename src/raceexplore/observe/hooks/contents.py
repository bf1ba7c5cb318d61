"""What an operation reads of the objects inside its operand: ``==``, ``repr``, ``json.dumps``."""

from __future__ import annotations

from collections import deque
from typing import Any, Final, TypeVar

from raceexplore.kernel.asyncio_loop.tasks import OrderedSet
from raceexplore.observe.effects.by_class_of_object import effects
from raceexplore.observe.effects.codes import READ, TABLES
from raceexplore.observe.effects.locations import SCALARS
from raceexplore.observe.effects.remember import Kinds
from raceexplore.observe.hooks import hook as hooks
from raceexplore.observe.hooks.note import note, sources
from raceexplore.observe.ledger.ledger import Ledger
from raceexplore.observe.ledger.naming import items, parts

T = TypeVar("T")

REACH_MAX: Final = 10_000
ONE_LEVEL: Final = frozenset({"__iter__", "__bool__", "__len__", "__add__"})
"""Operations that reach the elements, and nothing inside of those."""

_contains: Final = Kinds(*TABLES, tuple, frozenset)
_sequence: Final = Kinds(list, tuple, deque)


def contents(obj: T, name: str, inner: str) -> T:
    """Note ``name``, an operator's method, of ``obj``, and ``inner`` of what ``obj`` holds.

    Without a name, nobody else has ``obj`` itself.
    """
    ledger = hooks.active
    if ledger is not None and type(obj) not in SCALARS:
        if name:
            hooks.method(obj, name)
        if inner:
            note_inside(ledger, obj, inner)
    return obj


def member(obj: T, key: object) -> T:
    """``key in obj``: what is compared is read, unless the key is a number or a text."""
    ledger = hooks.active
    if ledger is not None:
        hooks.method_at(obj, "__contains__", key)
        if type(key) not in SCALARS and not issubclass(type(obj), (dict, set, frozenset)):
            note_inside(ledger, obj, "__eq__")
            contents(key, "__eq__", "__eq__")
    return obj


def note_inside(ledger: Ledger, obj: object, name: str, depth: int = REACH_MAX) -> None:
    """Note that ``name`` is done to all that ``obj`` holds; runs no code of the program.

    depth: how many levels down. More than `REACH_MAX` objects are not gone through: then the
    event is opaque.
    """
    seen = {id(obj)}
    level = _inside(obj, name)
    while level and depth:
        deeper: list[object] = []
        for value in level:
            if type(value) in SCALARS or id(value) in seen:
                continue
            seen.add(id(value))
            effect = effects[type(value)][name]
            if effect:
                note(ledger, effect, value, name)
            deeper += () if name in ONE_LEVEL or depth == 1 else _inside(value, name)
        if len(seen) > REACH_MAX:
            ledger.opaque(f"more than {REACH_MAX:,} objects inside a {type(obj).__qualname__}")
            return
        level, depth = deeper, depth - 1


def _inside(value: Any, name: str) -> list[object]:
    """Return what an operation on ``value`` goes on to. Of a set nothing: it has no order."""
    kind = type(value)
    if kind in SCALARS or kind is OrderedSet:
        return []  # one of asyncio's or anyio's: tasks and scopes are equal to themselves only
    if _sequence[kind]:
        return items(value)
    if issubclass(kind, dict):
        return list(dict.values(value))
    if _contains[kind]:
        return [held for behind in sources(value) for held in _inside(behind, name)]
    deep = name in {"__match__", "__order__"}
    if issubclass(kind, type) or (not deep and effects[kind][name] != READ):
        return []
    return [part for part in parts(value) if not issubclass(type(part), type)]


def element(value: T, name: str, inner: str) -> T:
    """Return an element of a container to which a builtin, or an unpacking, does ``name``."""
    ledger = hooks.active
    if ledger is not None and type(value) not in SCALARS:
        hooks.method(value, name)
        if inner:
            note_inside(ledger, value, inner)
    return value


def late_contents(value: T, obj: object, name: str, inner: str) -> T:
    """Return the last operand of what reads ``obj``, an operand from before an ``await``."""
    contents(obj, name, inner)
    return value


def matched(subject: T, name: str, depth: int) -> T:
    """``match subject:``, with patterns of up to ``depth`` levels below the first."""
    ledger = hooks.active
    if ledger is not None and type(subject) not in SCALARS:
        if name:
            hooks.method(subject, name)
        note_inside(ledger, subject, "__match__", depth)
    return subject

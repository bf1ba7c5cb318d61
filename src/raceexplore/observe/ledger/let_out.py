"""What a store hands over: what an object that others can reach has just got."""

from __future__ import annotations

from collections import UserList, deque
from itertools import islice
from types import CellType
from typing import Any, Final
from weakref import WeakKeyDictionary

from trio.lowlevel import RunVar

from raceexplore.observe.effects.locations import ALL, SCALARS
from raceexplore.observe.effects.trio_primitives import held_by
from raceexplore.observe.effects.values import attribute, namespace
from raceexplore.observe.ledger.naming import cell_contents, parts

MOST: Final = 2_000  # of a container's items, from its end that grows


def stored(obj: Any, key: object) -> list[object]:
    """Return what of interest ``obj``, which others can reach, has just got at ``key``.

    Runs no code of the program. Of a set nothing is returned: it has no order of its own.
    """
    if type(obj) is CellType:
        return cell_contents(obj)
    in_order = issubclass(type(obj), (list, tuple, deque, UserList))
    if in_order or key is ALL or type(key) is tuple:
        return _all_of(obj)
    held = (dict.get(obj, key),) if issubclass(type(obj), dict) else _attribute(obj, key)
    return [value for value in held if type(value) not in SCALARS]


def _attribute(obj: object, key: object) -> tuple[object, ...]:
    return attribute(obj, key) if type(key) is str else ()


def _all_of(obj: Any) -> list[object]:
    if issubclass(type(obj), RunVar):
        return held_by(obj)
    if type(obj) is WeakKeyDictionary:
        by_reference: Any = namespace(obj)["data"]
        return [value for value in by_reference.values() if type(value) not in SCALARS]
    if issubclass(type(obj), (list, deque)):
        held = [value for value in islice(reversed(obj), MOST) if type(value) not in SCALARS]
        return held[::-1]
    if issubclass(type(obj), dict):
        pairs = islice(dict.items(obj), max(0, len(obj) - MOST), None)
        return [part for pair in pairs for part in pair if type(part) not in SCALARS]
    return parts(obj)

"""What a store hands over: what an object that others can reach has just got."""

from __future__ import annotations

from collections import deque
from itertools import islice
from types import CellType, FunctionType, MethodType
from typing import Final

from trio.lowlevel import RunVar

from raceexplore.observe.locations import ALL, SCALARS
from raceexplore.observe.naming import cell_contents
from raceexplore.observe.primitives import held_by

MOST: Final = 2_000  # of a container's items, from its end that grows


def stored(obj: object, key: object) -> list[object]:
    """Return what of interest ``obj``, which others can reach, has just got at ``key``.

    Runs no code of the program. Of a set nothing is returned: it has no order of its own.
    """
    if isinstance(obj, CellType):
        return cell_contents(obj)
    if key is ALL:
        return _all_of(obj)
    if isinstance(obj, (list, tuple)):
        return [value for value in obj if type(value) not in SCALARS]
    held = obj if isinstance(obj, dict) else getattr(obj, "__dict__", {})
    value = dict.get(held, key)
    return [] if type(value) in SCALARS else [value]


def _all_of(obj: object) -> list[object]:
    if isinstance(obj, RunVar):
        return held_by(obj)
    if isinstance(obj, (FunctionType, MethodType)):
        return [obj]
    if isinstance(obj, (list, deque)):
        held = [value for value in islice(reversed(obj), MOST) if type(value) not in SCALARS]
        return held[::-1]
    if isinstance(obj, dict):
        values = islice(dict.values(obj), max(0, len(obj) - MOST), None)
        return [value for value in values if type(value) not in SCALARS]
    return []

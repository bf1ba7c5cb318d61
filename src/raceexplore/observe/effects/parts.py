"""Which part of an object a key names, and which objects nobody can follow to their end."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final

from raceexplore.kernel.asyncio_loop.tasks import ControlledTask
from raceexplore.kernel.fence.hostile import home_of
from raceexplore.observe.effects.by_class_of_object import is_observed
from raceexplore.observe.effects.locations import ALL, INDEXED, SCALARS, index
from raceexplore.observe.effects.remember import ByClass, Kinds

is_indexed: Final = Kinds(*INDEXED)


def part_of(obj: object, key: object, ordinal: Callable[[object], int]) -> object:
    """Return the location key for ``obj[key]``: equal for equal keys, free of identities.

    ordinal: gives an object its number.
    """
    kind = type(key)
    if is_indexed[type(obj)]:
        return index(obj, key) if kind is int or kind is bool else ALL
    if kind in SCALARS:
        return key
    if kind is tuple:
        parts = tuple([part_of(None, part, ordinal) for part in key])  # type: ignore[attr-defined]
        return ALL if ALL in parts else parts
    if issubclass(kind, Enum) and kind.__hash__ is Enum.__hash__:
        return Enum.__str__(key)
    hashed = kind.__hash__ is object.__hash__ or kind is ControlledTask
    if hashed and kind.__eq__ is object.__eq__:
        return ("object", ordinal(key))
    return ALL


class Finalizers(ByClass[bool]):
    """Class -> whether the program's code runs when the last reference to an instance goes.

    Nobody knows when that is: an observed run keeps what it has seen until its end.
    """

    def find(self, kind: type) -> bool:
        """Return whether some class that ``kind`` derives from has an observed ``__del__``."""
        # anyio's only warn of streams that nobody has closed
        bases = [base for base in kind.__mro__ if home_of(base).partition(".")[0] != "anyio"]
        return any(is_observed(vars(base).get("__del__")) for base in bases)


has_finalizer: Final = Finalizers()

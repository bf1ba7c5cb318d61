"""What names a place in an object: an attribute, the key of an element, or all of it."""

from __future__ import annotations

from array import array
from collections import UserList, deque
from types import EllipsisType
from typing import Any, Final

from raceexplore.kernel.events import footprint

ALL: Final[EllipsisType] = ...
"""The key of a whole object: conflicts with every key of that object. (An object of its own
would not survive pickling; ``...`` does.)"""

ORDER: Final = "(order)"
"""The key of a dict's insertion order, where the ledger is asked to see it."""

QUEUE: Final = footprint.QUEUE
"""The part of a lock that asking for it writes."""

FREE: Final = footprint.FREE
"""The part of a lock that giving it back writes."""

OPAQUE: Final = 0
"""The ordinal of what nobody observes: an event that writes it has run foreign code."""

SCALARS: Final = frozenset({str, int, bytes, bool, float, complex, type(None), EllipsisType})
SEQUENCES: Final = (list, deque, bytearray)
INDEXED: Final = (*SEQUENCES, array, UserList)


def index(obj: Any, key: Any) -> int:
    """Return an index of one of `INDEXED`, counted from the start; runs no code of the program."""
    if key >= 0:
        return int(key)
    held = obj.data if issubclass(type(obj), UserList) else obj
    base: Any = next((base for base in (*SEQUENCES, array) if issubclass(type(held), base)), None)
    return int(key if base is None else key + base.__len__(held))


def key_label(kind: type, key: object) -> str:
    """Return what follows the label of an object of that class to say which part of it is meant."""
    if key is ALL:
        return ""
    if type(key) is tuple and key[:1] == ("object",):
        return "[...]"  # an object, which has no name that a reader knows
    keyed = issubclass(kind, (dict, set, *SEQUENCES)) and key != ORDER
    return f"[{key!r}]" if keyed else f".{key}"

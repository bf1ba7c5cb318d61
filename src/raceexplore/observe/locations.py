"""What names a place in an object: an attribute, the key of an element, or all of it."""

from __future__ import annotations

from collections import deque
from types import EllipsisType
from typing import Final

ALL: Final[EllipsisType] = ...
"""The key of a whole object: conflicts with every key of that object. (An object of its own
would not survive pickling; ``...`` does.)"""

ORDER: Final = "(order)"
"""The key of a dict's insertion order, where the ledger is asked to see it."""

QUEUE: Final = "(queue)"
"""The part of a lock that asking for it writes."""

FREE: Final = "(free)"
"""The part of a lock that giving it back writes."""

OPAQUE: Final = 0
"""The ordinal of what nobody observes: an event that writes it has run foreign code."""

SCALARS: Final = frozenset({str, int, bytes, bool, float, complex, type(None), EllipsisType})
SEQUENCES: Final = (list, deque, bytearray)

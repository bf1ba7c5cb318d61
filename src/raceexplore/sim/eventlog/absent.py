"""Runs without an event: what the same program does if one append of it leaves no trace."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_absent: dict[str, int] = {}


@contextmanager
def without(name: str, number: int) -> Iterator[None]:
    """Within the block, entry ``number`` of a log called ``name`` has no effect on its state.

    Its writer notices nothing: the entry is there, and keeps its number.
    """
    _absent[name] = number
    try:
        yield
    finally:
        del _absent[name]


def absent(name: str) -> int:
    """Return the number of the entry that a log called ``name`` is to do without; 0: none."""
    return _absent.get(name, 0)

"""Options of a pick: made when asked for, as there may be millions of them, and each one once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar, overload

Made = TypeVar("Made", covariant=True)  # noqa: PLC0105 as the options of any sequence
Option = TypeVar("Option")


class Lazily(Sequence[Made]):
    """So many options; ``made`` returns the one at an index."""

    def __init__(self, size: int, made: Callable[[int], Made]) -> None:
        self._size, self._made = size, made

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, index: int) -> Made: ...
    @overload
    def __getitem__(self, index: slice) -> list[Made]: ...
    def __getitem__(self, index: int | slice) -> Made | list[Made]:
        if isinstance(index, slice):
            return [self._made(i) for i in range(*index.indices(self._size))]
        return self._made(index)


def distinct(*options: Option) -> tuple[Option, ...]:
    """Return ``options`` less the repeated ones; they need not be hashable."""
    kept: list[Option] = []
    for option in options:
        if option not in kept:
            kept.append(option)
    return tuple(kept)

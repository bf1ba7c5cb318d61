"""What is found of a class, once for each, and forgotten again before there are too many."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final, TypeVar

V = TypeVar("V")

CLASSES_MAX: Final = 5_000  # that are remembered: a program may make some in every run


class ByClass(dict[type, V], ABC):
    """Class -> what `find` tells of it."""

    def __missing__(self, kind: type) -> V:
        if len(self) >= CLASSES_MAX:
            self.clear()
        found = self[kind] = self.find(kind)
        return found

    @abstractmethod
    def find(self, kind: type) -> V:
        """Return what is to be remembered of ``kind``."""


class Kinds(ByClass[bool]):
    """Class -> whether it is, or derives from, one of some classes."""

    def __init__(self, *wanted: type) -> None:
        super().__init__()
        self.wanted = wanted

    def find(self, kind: type) -> bool:
        """Return whether ``kind`` is, or derives from, one of the classes."""
        return issubclass(kind, self.wanted)

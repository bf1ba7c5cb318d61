"""Inodes: what names in directories lead to, and what of it would survive a crash."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from raceexplore.kernel.lot import Lot


class Sort(Enum):
    """What an inode is."""

    FILE = "file"
    DIRECTORY = "directory"
    SYMLINK = "symbolic link"


class Change(NamedTuple):
    """One change of a directory: ``name`` led to ``before``, or to nothing."""

    name: str
    before: Inode | None


class Inode:
    """A file, a directory or a symbolic link.

    label: in accesses and reports: the path it was made at. number: as `os.stat` gives it.
    data: of a file; target: of a symbolic link; entries: of a directory, in the order of making.
    links: how many names lead to it. mode: the permissions, which nobody checks.
    synced: of a file, what a crash cannot take. changes: of a directory, what is not
    synced yet, step by step.
    locks: who holds a lock on it (see `locks`); lot: who waits for one.
    """

    __slots__ = (
        "changed_s", "changes", "data", "entries", "flocks", "label", "links", "lot", "mode",
        "number", "parent", "ranges", "sort", "synced", "target",
    )  # fmt: skip

    def __init__(self, sort: Sort, label: str, number: int, *, mode: int, now_s: float) -> None:
        self.sort = sort
        self.label = label
        self.number = number
        self.mode = mode
        self.changed_s = now_s
        self.data = bytearray()
        self.target = ""
        self.entries: dict[str, Inode] = {}
        self.parent: Inode = self  # of a directory
        self.links = 0
        self.synced = b""
        self.changes: list[tuple[Change, ...]] = []
        self.flocks: dict[object, bool] = {}  # open file -> whether its lock is exclusive
        self.ranges: list[Range] = []
        self.lot: Lot | None = None

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory."""
        return self.sort is Sort.DIRECTORY

    @property
    def size(self) -> int:
        """The size that `os.stat` tells."""
        return len(self.target) if self.sort is Sort.SYMLINK else len(self.data)


class Range(NamedTuple):
    """A record lock (``fcntl``) of one process: from ``start`` up to, but without, ``end``."""

    owner: object
    start: float
    end: float
    exclusive: bool

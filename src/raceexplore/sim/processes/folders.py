"""What `os.scandir` returns in a simulated process."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Any, Protocol, Self

from raceexplore.sim.files import Sort

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.sim.files.inode import Inode


class Looks(Protocol):
    """Who can ask more of what a listing has found."""

    def status_of(self, inode: Any) -> Any:
        """Return what `os.stat` tells of an inode."""
        ...

    def stat(self, path: Any) -> Any:
        """Return what `os.stat` tells of a path."""
        ...


class Named:
    """One entry of a folder, as `os.DirEntry` is: its sort was read with the folder."""

    def __init__(self, name: str, path: str, inode: Inode, looks: Looks) -> None:
        self.name, self.path = name, path
        self._inode, self._looks = inode, looks

    def __fspath__(self) -> str:
        return self.path

    def inode(self) -> int:
        """Return the inode's number."""
        return self._inode.number

    def is_symlink(self) -> bool:
        """Return whether it is a symbolic link."""
        return self._inode.sort is Sort.SYMLINK

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        """Return whether it is a folder, or leads to one."""
        if self.is_symlink() and follow_symlinks:
            return self._leads_to(stat.S_ISDIR)
        return self._inode.is_directory

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        """Return whether it is a file, or leads to one."""
        if self.is_symlink() and follow_symlinks:
            return self._leads_to(stat.S_ISREG)
        return self._inode.sort is Sort.FILE

    def is_junction(self) -> bool:
        """Return False: only Windows has them."""
        return False

    def _leads_to(self, is_such: Any) -> bool:
        try:
            return bool(is_such(self._looks.stat(self.path).st_mode))
        except OSError:
            return False

    def stat(self, *, follow_symlinks: bool = True) -> Any:
        """Return what `os.stat` tells of it."""
        follows = self.is_symlink() and follow_symlinks
        return self._looks.stat(self.path) if follows else self._looks.status_of(self._inode)


class Listing:
    """The entries of a folder, once."""

    def __init__(self, entries: list[Named]) -> None:
        self._left = iter(entries)

    def __iter__(self) -> Iterator[Named]:
        return self._left

    def __next__(self) -> Named:
        return next(self._left)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of what is left."""
        self._left = iter(())

"""Calls of ordinary code on paths."""

from __future__ import annotations

import os
from typing import Any

from raceexplore.kernel.fence.strand import wait
from raceexplore.sim.files import Status
from raceexplore.sim.files.files import below
from raceexplore.sim.files.inode import Inode
from raceexplore.sim.processes.descriptors import Descriptors, result
from raceexplore.sim.processes.folders import Listing, Named


class Paths:
    """What one process does to paths. descriptors: the files that it has open."""

    def __init__(self, descriptors: Descriptors) -> None:
        self.open, self.process, self.files = descriptors, descriptors.process, descriptors.files

    def stat(
        self, path: Any, *, dir_fd: int | None = None, follow_symlinks: bool = True
    ) -> os.stat_result:
        """`os.stat`."""
        if isinstance(path, int):
            return self.open.fstat(path)
        name = self.open.path(path, dir_fd)
        found: Status = wait(self.files.stat(name, follow=follow_symlinks))
        return result(found)

    def lstat(self, path: Any, *, dir_fd: int | None = None) -> os.stat_result:
        """`os.lstat`."""
        return self.stat(path, dir_fd=dir_fd, follow_symlinks=False)

    def access(self, path: Any, mode: int, **_: object) -> bool:
        """`os.access`: whoever asks may do everything to what is there."""
        found: bool = wait(self.files.exists(self.open.path(path)))
        return found

    def listdir(self, path: Any = ".") -> list[str]:
        """`os.listdir`."""
        names: list[str] = wait(self.files.listdir(self._folder(path)))
        return names

    def scandir(self, path: Any = ".") -> Listing:
        """`os.scandir`."""
        folder = self._folder(path)
        shown = "" if isinstance(path, int) else f"{os.fsdecode(path).rstrip('/')}/"
        entries = wait(self.files.entries(folder))
        return Listing([Named(name, shown + name, inode, self) for name, inode in entries])

    def _folder(self, path: Any) -> str:
        if isinstance(path, int):
            return below(self.open.opened(path).inode, ".")
        return self.open.path(path)

    def status_of(self, inode: Any) -> os.stat_result:
        """Return what `os.stat` tells of an inode that a listing has found."""
        wait(self.process.step(f"stat {inode.label}"))
        return result(self.files.status(inode))

    def mkdir(self, path: Any, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        """`os.mkdir`."""
        wait(self.files.mkdir(self.open.path(path, dir_fd), mode))

    def rmdir(self, path: Any, *, dir_fd: int | None = None) -> None:
        """`os.rmdir`."""
        wait(self.files.rmdir(self.open.path(path, dir_fd)))

    def unlink(self, path: Any, *, dir_fd: int | None = None) -> None:
        """`os.unlink`, and `os.remove`."""
        wait(self.files.unlink(self.open.path(path, dir_fd)))

    def rename(
        self, src: Any, dst: Any, *, src_dir_fd: int | None = None, dst_dir_fd: int | None = None
    ) -> None:
        """`os.rename`, and `os.replace`."""
        wait(self.files.rename(self.open.path(src, src_dir_fd), self.open.path(dst, dst_dir_fd)))

    def link(self, src: Any, dst: Any, **_: object) -> None:
        """`os.link`."""
        wait(self.files.link(self.open.path(src), self.open.path(dst)))

    def symlink(self, src: Any, dst: Any, target_is_directory: bool = False, **_: object) -> None:  # noqa: FBT001, FBT002
        """`os.symlink`."""
        wait(self.files.symlink(os.fsdecode(src), self.open.path(dst)))

    def readlink(self, path: Any, *, dir_fd: int | None = None) -> str:
        """`os.readlink`."""
        target: str = wait(self.files.readlink(self.open.path(path, dir_fd)))
        return target

    def truncate(self, path: Any, length: int) -> None:
        """`os.truncate`."""
        wait(self.files.truncate(self.open.path(path), length))

    def chmod(self, path: Any, mode: int, **_: object) -> None:
        """`os.chmod`: noted, and asked of nobody."""
        wait(self.process.step(f"chmod {path}"))
        inode = self._inode(path)
        inode.mode = mode

    def _inode(self, path: Any) -> Inode:
        if isinstance(path, int):
            return self.open.opened(path).inode
        return self.files.place(self.open.path(path)).existing()

    def utime(self, path: Any, *_: object, **__: object) -> None:
        """`os.utime`: the file was changed now, whatever it is told."""
        wait(self.process.step(f"utime {path}"))
        inode = self._inode(path)
        inode.changed_s = self.process.world.now()

"""A file system of one simulated machine: what processes share, and what a test looks at."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from raceexplore.kernel.errors import BadOption
from raceexplore.sim.files.inode import Inode, Sort
from raceexplore.sim.files.locks import FileLocks
from raceexplore.sim.files.tree import Place, Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from raceexplore.kernel.world import World


class FileSystem:
    """Directories and files in memory, with the steps, locks and losses of a real one.

    block: a write of more bytes is done in several steps, as POSIX allows: a reader may see a part.
    short_writes: a write may have written half of what it was given; the explorer chooses.
    Raises `BadOption` for a block that is none.
    """

    def __init__(self, world: World, *, block: int = 4096, short_writes: bool = False) -> None:
        if block < 1:
            raise BadOption(f"a block is of at least 1 byte, not {block}")
        self.world = world
        self.block = block
        self.short_writes = short_writes
        self.tree = Tree(world)
        self.owners: dict[object, str] = {}  # what holds locks -> the path of its task
        self.locks = FileLocks(world, lambda holder: self.owners.get(holder, ""))
        self._at_crash: list[Callable[[], object]] = []
        for folder in ("/tmp", "/home", "/home/user"):  # noqa: S108 of the simulated machine
            self.make_folder(folder)
        self._settle()

    # What follows is for tests: no schedule point, no process.

    def put(self, files: Mapping[str, str | bytes]) -> None:
        """Have these files, path -> content, and the folders that they are in; all synced."""
        for path, content in files.items():
            self.make_folder(posixpath.dirname(path))
            place = self.tree.place(path)
            inode = place.inode or self._made(place, Sort.FILE)
            data = content.encode() if isinstance(content, str) else content
            self.tree.truncate(inode, 0)
            self.tree.write(inode, 0, data)
        self._settle()

    def make_folder(self, path: str) -> None:
        """Have a folder, and those that it is in."""
        made = ""
        for name in [part for part in path.split("/") if part]:
            made = f"{made}/{name}"
            place = self.tree.place(made)
            if place.inode is None:
                self._made(place, Sort.DIRECTORY)

    def _made(self, place: Place, sort: Sort) -> Inode:
        inode = self.tree.make(place, sort, mode=0o755 if sort is Sort.DIRECTORY else 0o644)
        inode.label = f"{place.directory.label}/{place.name}"  # it is there before anything runs
        return inode

    def _settle(self) -> None:
        for _, inode in self.tree.everything():
            self.tree.sync(inode)

    def text(self, path: str) -> str:
        """Return the content of a file. Raises `OSError`, and `UnicodeDecodeError`."""
        return self.content(path).decode()

    def content(self, path: str) -> bytes:
        """Return the content of a file as bytes. Raises `OSError`."""
        inode = self.tree.place(path).existing()
        return self.tree.read(inode, 0, len(inode.data))

    def exists(self, path: str) -> bool:
        """Return whether there is something at ``path``."""
        try:
            return self.tree.place(path).inode is not None
        except OSError:
            return False

    def paths(self, folder: str = "/") -> list[str]:
        """Return the paths of all files below ``folder``, sorted."""
        root = folder.rstrip("/")
        self.world.used("", write=False)
        found = [path for path, inode in self.tree.everything() if not inode.is_directory]
        for _, inode in self.tree.everything():
            if inode.is_directory:
                self.world.used(inode.label, write=False)
        return [path for path in found if path.startswith(f"{root}/")]

    def at_crash(self, callback: Callable[[], object]) -> None:
        """Call ``callback`` when the machine loses power, in the event that does it."""
        self._at_crash.append(callback)

    def crash(self) -> None:
        """Lose power: all processes vanish, and of what is not synced, the explorer chooses."""
        for callback in self._at_crash:
            callback()
        self.tree.crash()

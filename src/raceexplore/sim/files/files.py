"""The system calls on paths, as one process makes them: each is a schedule point and a step."""

from __future__ import annotations

import errno
import posixpath
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from raceexplore.kernel.errors import BadOption
from raceexplore.sim.files.did import Did
from raceexplore.sim.files.errors import failed
from raceexplore.sim.files.inode import Inode, Sort
from raceexplore.sim.files.opened import OpenFile

if TYPE_CHECKING:
    from raceexplore.sim.files.system import FileSystem
    from raceexplore.sim.files.tree import Place

MODES = ("r", "w", "a", "x", "r+", "w+", "a+", "x+")
FIRST = 1 << 20  # of the descriptors: no number that is open in the real process


class Status(NamedTuple):
    """What `Files.stat` tells."""

    sort: Sort
    number: int
    links: int
    size: int
    mode: int
    changed_s: float


class Below(str):  # noqa: SLOT000 a slot of a str cannot be
    """A path that begins in a folder, which may have no name any more. folder: that folder."""

    folder: Inode


def below(folder: Inode, path: str) -> Below:
    """Return the path ``path``, from ``folder`` on."""
    made = Below(path)
    made.folder = folder
    return made


class Files:
    """A file system as one process sees it: with a current folder, and open files of its own.

    system: the file system. cwd: where paths begin that begin with no ``/``.
    """

    def __init__(self, system: FileSystem, *, cwd: str = "/home/user") -> None:
        self.system = system
        self.cwd = cwd
        self.opened: dict[int, OpenFile] = {}
        self._folder: Inode | None = None  # what cwd is, once it has been looked up

    async def step(self, told: str, did: Did = Did.OTHER, *paths: str) -> None:
        """Pass the schedule point before a call; ``told``: the call, in words."""
        world = self.system.world
        await world.checkpoint()
        if world.is_observed:
            world.event(told)

    async def open(self, path: str, mode: str = "r", *, permissions: int = 0o644) -> OpenFile:
        """Open a file: ``r``, ``w`` (emptied), ``a`` (append) or ``x`` (it must be new), and ``+``.

        Making the file, or finding it, and emptying it, are one step. Raises `OSError`.
        """
        if mode not in MODES:
            raise BadOption(f"a mode is one of {', '.join(MODES)}, not {mode!r}")
        made = mode[0] in "wax"
        return await self.open_as(
            path, mode, create=made, exclusive=mode[0] == "x", empty=mode[0] == "w",
            permissions=permissions,
        )  # fmt: skip

    async def open_as(
        self, path: str, mode: str, *, create: bool, exclusive: bool, empty: bool,
        permissions: int = 0o666, follow: bool = True,
    ) -> OpenFile:  # fmt: skip
        """Open as `os.open` does, whose flags say more than a mode of one letter."""
        how = "create" if exclusive else "open"
        did = Did.CREATES if exclusive else Did.EMPTIES if create else Did.OPENS
        await self.step(f"{how} {path} ({mode}{', emptied' if empty else ''})", did, path)
        tree = self.system.tree
        place = self.place(path, follow=follow and not exclusive)
        inode = place.inode
        if inode is not None and create and exclusive:
            raise failed(errno.EEXIST, path)
        if inode is None:
            if not create:
                raise failed(errno.ENOENT, path)
            inode = tree.make(place, Sort.FILE, mode=permissions & ~0o022)
        elif inode.sort is Sort.SYMLINK:
            raise failed(errno.ELOOP, path)
        elif inode.is_directory and (create or mode != "r"):
            raise failed(errno.EISDIR, path)
        elif empty and not inode.is_directory:
            tree.truncate(inode, 0)
        return self._opened(inode, path, mode)

    async def open_nameless(self, folder: str, mode: str) -> OpenFile:
        """Open a new file without a name, in a folder's file system (O_TMPFILE)."""
        await self.step(f"open a nameless file in {folder}")
        place = self.place(folder)
        if not place.existing().is_directory:
            raise failed(errno.ENOTDIR, folder)
        return self._opened(self.system.tree.nameless(place), folder, mode)

    def _opened(self, inode: Inode, path: str, mode: str) -> OpenFile:
        number = next(n for n in count(FIRST) if n not in self.opened)
        opened = OpenFile(self, inode, path, number, mode=mode)
        self.opened[opened.number] = opened
        return opened

    def place(self, path: str, *, follow: bool = True) -> Place:
        """Return where ``path`` leads from the current folder."""
        if type(path) is Below:
            start = path.folder
        else:
            if self._folder is None:
                self._folder = self.system.tree.place(self.cwd).existing()
            start = self._folder
        return self.system.tree.place(path, start, follow=follow)

    async def chdir(self, path: str) -> None:
        """Go to another folder: relative paths begin there, whatever it is called later."""
        await self.step(f"chdir {path}")
        folder = self.place(path).existing()
        if not folder.is_directory:
            raise failed(errno.ENOTDIR, path)
        self._folder = folder
        joined = path if path.startswith("/") else f"{self.cwd}/{path}"
        self.cwd = posixpath.normpath(joined)

    def forget(self, opened: OpenFile) -> None:
        """Have no such file open any more."""
        self.opened.pop(opened.number, None)
        self.system.owners.pop(opened, None)

    def close_all(self) -> None:
        """Close what is open: the process has ended."""
        for opened in list(self.opened.values()):
            opened.drop()

    async def rename(self, source: str, target: str) -> None:
        """Let ``target`` be what ``source`` was, in one step; what was there is replaced."""
        await self.step(f"rename {source} to {target}", Did.RENAMES, source, target)
        ends = self.place(source, follow=False), self.place(target, follow=False)
        self.system.tree.rename(*ends)

    async def link(self, source: str, target: str) -> None:
        """Give a file a second name. Raises `FileExistsError` if there is such a name."""
        await self.step(f"link {source} to {target}")
        place = self.place(source, follow=False)
        place.existing()
        self.system.tree.link(place, self.place(target, follow=False))

    async def symlink(self, target: str, path: str) -> None:
        """Make a symbolic link at ``path`` that leads to ``target``."""
        await self.step(f"symlink {path} to {target}")
        place = self.place(path, follow=False)
        self.system.tree.make(place, Sort.SYMLINK, mode=0o777).target = target

    async def readlink(self, path: str) -> str:
        """Return where the symbolic link at ``path`` leads."""
        await self.step(f"readlink {path}")
        inode = self.place(path, follow=False).existing()
        if inode.sort is not Sort.SYMLINK:
            raise failed(errno.EINVAL, path)
        return inode.target

    async def unlink(self, path: str) -> None:
        """Take away a name of a file; the file goes with its last name, once nobody has it open."""
        await self.step(f"unlink {path}", Did.UNLINKS, path)
        self.system.tree.remove(self.place(path, follow=False), directory=False)

    async def mkdir(self, path: str, permissions: int = 0o777) -> None:
        """Make a folder. Raises `FileExistsError` if there is something."""
        await self.step(f"mkdir {path}")
        self.system.tree.make(
            self.place(path, follow=False), Sort.DIRECTORY, mode=permissions & ~0o022
        )

    async def rmdir(self, path: str) -> None:
        """Remove an empty folder."""
        await self.step(f"rmdir {path}")
        self.system.tree.remove(self.place(path, follow=False), directory=True)

    async def listdir(self, path: str = ".") -> list[str]:
        """Return the names in a folder, sorted."""
        return [name for name, _ in await self.entries(path)]

    async def entries(self, path: str = ".") -> list[tuple[str, Inode]]:
        """Return the names in a folder, sorted, and what they lead to."""
        await self.step(f"listdir {path}")
        folder = self.place(path).existing()
        if not folder.is_directory:
            raise failed(errno.ENOTDIR, path)
        self.system.world.used(folder.label, write=False)
        return sorted(folder.entries.items())

    async def stat(self, path: str, *, follow: bool = True) -> Status:
        """Return what is known of a file. Raises `FileNotFoundError`."""
        await self.step(f"stat {path}")
        return self.status(self.place(path, follow=follow).existing())

    def status(self, inode: Inode) -> Status:
        """Return what is known of ``inode``; no schedule point."""
        self.system.world.used(inode.label, " content", write=False)
        return Status(
            inode.sort, inode.number, inode.links, inode.size, inode.mode, inode.changed_s
        )

    async def exists(self, path: str) -> bool:
        """Return whether there is something at ``path``."""
        try:
            await self.stat(path)
        except OSError:
            return False
        return True

    async def truncate(self, path: str, size: int) -> None:
        """Make a file ``size`` bytes long."""
        await self.step(f"truncate {path} to {size}")
        self.system.tree.truncate(self.place(path).existing(), size)

    async def sync_folder(self, path: str) -> None:
        """Let a crash take none of the names that are in a folder now (fsync of the folder)."""
        async with await self.open(path) as folder:
            await folder.sync()

    async def read_text(self, path: str) -> str:
        """Open, read and close: three calls."""
        async with await self.open(path) as opened:
            return (await opened.read()).decode()

    async def write_text(self, path: str, text: str) -> None:
        """Open and empty, write, close: what a file holds in between, others see."""
        async with await self.open(path, "w") as opened:
            await opened.write(text)

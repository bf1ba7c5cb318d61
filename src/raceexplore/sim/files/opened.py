"""An open file of a process: its place in the file, and the calls on it, each a schedule point."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Protocol, Self

from raceexplore.sim.files.did import Did
from raceexplore.sim.files.errors import failed
from raceexplore.sim.files.inode import Range
from raceexplore.sim.files.tree import shown

if TYPE_CHECKING:
    from raceexplore.sim.files.inode import Inode
    from raceexplore.sim.files.system import FileSystem

EVERYTHING = float("inf")


class Caller(Protocol):
    """Who makes system calls: a process, or a test."""

    system: FileSystem

    async def step(self, told: str, did: Did = Did.OTHER, *paths: str) -> None:
        """Pass the schedule point before a call; ``told``: the call, in words."""
        ...

    def forget(self, opened: OpenFile) -> None:
        """Have no such file open any more."""
        ...


class OpenFile:
    """What `Files.open` returns: bytes at an offset of its own.

    path: as it was opened. number: the descriptor. reads, writes: what it was opened for.
    appends: each write goes to the end of the file.
    """

    def __init__(self, caller: Caller, inode: Inode, path: str, number: int, *, mode: str) -> None:
        self.caller, self.inode, self.path, self.number = caller, inode, path, number
        self.reads, self.writes = "r" in mode or "+" in mode, mode != "r"
        self.appends = "a" in mode
        self.offset = 0
        self.closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def read(self, size: int = -1) -> bytes:
        """Return at most ``size`` bytes from here on; all, if it is negative."""
        await self._begin("read", Did.READS, allowed=self.reads)
        wanted = len(self.inode.data) if size < 0 else size
        data = self.caller.system.tree.read(self.inode, self.offset, wanted)
        self.offset += len(data)
        return data

    async def write(self, data: bytes | str) -> int:
        """Write ``data`` and return how many bytes were: all, unless writes may be short.

        More than a block is written block by block.
        """
        given = data.encode() if isinstance(data, str) else bytes(data)
        system, done = self.caller.system, 0
        if system.short_writes and len(given) > 1:
            half = (len(given), len(given) // 2)
            given = given[: system.world.pick(f"bytes written to {self.path}", half, kind="fault")]
        while done < len(given) or not done:
            part = given[done : done + system.block]
            await self._begin(f"write {shown(part)} to", allowed=self.writes)
            if self.appends:
                self.offset = len(self.inode.data)
            system.tree.write(self.inode, self.offset, part)
            self.offset += len(part)
            done += len(part) or 1
        return len(given)

    async def truncate(self, size: int) -> None:
        """Make the file ``size`` bytes long; the offset stays."""
        if not self.writes:
            raise failed(errno.EINVAL)
        await self._begin(f"truncate to {size}", allowed=True)
        self.caller.system.tree.truncate(self.inode, size)

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to an offset from the begin (0), from here (1) or from the end (2) of the file."""
        system = self.caller.system
        if whence == 2:
            system.world.used(self.inode.label, " content", write=False)
        base = (0, self.offset, len(self.inode.data))[whence]
        if base + offset < 0:
            raise failed(errno.EINVAL)
        self.offset = base + offset
        return self.offset

    async def sync(self) -> None:
        """Let a crash take nothing of what is in the file now (fsync)."""
        await self._begin("fsync", allowed=True)
        self.caller.system.tree.sync(self.inode)

    async def flock(self, *, exclusive: bool = True, wait: bool = True) -> None:
        """Lock the file that is open here. Raises `BlockingIOError` if ``wait`` is not wanted."""
        await self._begin("flock" if wait else "flock (no waiting)", Did.LOCKS, allowed=True)
        system = self.caller.system
        system.owners[self] = system.world.task
        await system.locks.flock(self.inode, self, exclusive=exclusive, wait=wait)

    async def unlock(self) -> None:
        """Give up the lock of `flock`."""
        await self._begin("unlock", allowed=True)
        self.caller.system.locks.unlock(self.inode, self)

    async def lock_range(
        self, start: int = 0, length: int = 0, *, exclusive: bool = True, wait: bool = True
    ) -> None:
        """Lock some bytes for the process (fcntl, lockf); ``length`` 0: all that is behind.

        Raises `BlockingIOError` if ``wait`` is not wanted. Closing *any* open file of the same
        inode gives it up, as POSIX has it.
        """
        await self._begin("lock" if wait else "lock (no waiting)", Did.LOCKS, allowed=True)
        wanted = self._range(start, length, exclusive=exclusive)
        self.caller.system.owners[self.caller] = self.caller.system.world.task
        await self.caller.system.locks.lock_range(self.inode, wanted, wait=wait)

    async def unlock_range(self, start: int = 0, length: int = 0) -> None:
        """Give up the lock of these bytes."""
        await self._begin("unlock", allowed=True)
        gone = self._range(start, length, exclusive=True)
        self.caller.system.locks.unlock_range(self.inode, gone)

    def _range(self, start: int, length: int, *, exclusive: bool) -> Range:
        end = start + length if length else EVERYTHING
        return Range(self.caller, start, end, exclusive)

    async def close(self) -> None:
        """Close it, and give up its locks; nothing, if it is closed."""
        if not self.closed:
            await self._begin("close", allowed=True)
            self.drop()

    def drop(self) -> None:
        """Close it without a schedule point: its process has ended."""
        if self.closed:
            return
        self.closed = True
        locks = self.caller.system.locks
        locks.unlock(self.inode, self)
        locks.unlock_range(self.inode, self._range(0, 0, exclusive=True))
        self.caller.forget(self)

    async def _begin(self, told: str, did: Did = Did.OTHER, *, allowed: bool) -> None:
        if self.closed or not allowed:
            raise failed(errno.EBADF)
        if told == "read" and self.inode.is_directory:
            raise failed(errno.EISDIR)
        await self.caller.step(f"{told} {self.path}", did, self.path)

"""Calls of ordinary code that open files, and those on files that are open."""

from __future__ import annotations

import errno
import io
import os
import stat
from typing import TYPE_CHECKING, Any, Protocol

from raceexplore.kernel.fence.strand import wait
from raceexplore.sim.files import OpenFile, Sort, Status
from raceexplore.sim.files.errors import failed
from raceexplore.sim.files.files import below
from raceexplore.sim.processes.raw import RawFile, wrapped

if TYPE_CHECKING:
    from raceexplore.kernel.world import World
    from raceexplore.sim.files import Files

SORTS = {Sort.FILE: stat.S_IFREG, Sort.DIRECTORY: stat.S_IFDIR, Sort.SYMLINK: stat.S_IFLNK}
ACCESS = {os.O_RDONLY: "r", os.O_WRONLY: "w", os.O_RDWR: "r+"}
SHARED, EXCLUSIVE, NO_WAIT, UNLOCK = 1, 2, 4, 8  # of flock and lockf
FLAGS = {
    "r": os.O_RDONLY,
    "w": os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
    "x": os.O_WRONLY | os.O_CREAT | os.O_EXCL,
    "a": os.O_WRONLY | os.O_CREAT | os.O_APPEND,
}

LAYERS = {"encoding": None, "errors": None, "newline": None, "closefd": True, "opener": None}


class Host(Protocol):
    """The process whose code runs, as far as its calls need it."""

    pid: int
    serial: int
    argv: tuple[str, ...]
    env: dict[str, str]
    files: Files
    world: World
    output: io.StringIO
    complaints: io.StringIO
    refused: Exception | None

    async def step(self, told: str) -> None:
        """Pass the schedule point before a system call."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let virtual time pass."""
        ...

    def send(self, pid: int, number: int) -> None:
        """Send a signal to a process."""
        ...


class Descriptors:
    """The files that one process has open."""

    def __init__(self, process: Host) -> None:
        self.process, self.files = process, process.files

    def open(
        self, file: Any, mode: str = "r", buffering: int = -1, *rest: Any, **options: Any
    ) -> Any:
        """`open`."""
        given = {**LAYERS, **dict(zip(LAYERS, rest, strict=False)), **options}
        closefd, opener = given.pop("closefd"), given.pop("opener")
        kinds = [letter for letter in mode if letter in FLAGS]
        if set(mode) - set("rwxabt+") or {"b", "t"} <= set(mode) or len(set(mode)) < len(mode):
            raise ValueError(f"invalid mode: {mode!r}")
        if len(kinds) != 1:
            raise ValueError("must have exactly one of create/read/write/append mode")
        if "b" in mode and any(value is not None for value in given.values()):
            raise ValueError("binary mode doesn't take an encoding, errors or newline argument")
        flags = FLAGS[kinds[0]] | getattr(os, "O_CLOEXEC", 0)
        if "+" in mode:
            flags = (flags & ~os.O_WRONLY) | os.O_RDWR
        if isinstance(file, int):
            number = file
        else:
            number = opener(file, flags) if opener else self.os_open(file, flags)
        opened = self.opened(number)
        if opened.inode.is_directory:
            opened.drop()
            raise failed(errno.EISDIR, os.fsdecode(file) if not isinstance(file, int) else None)
        if kinds[0] == "a":
            opened.seek(0, 2)
        raw = RawFile(opened, file, kinds[0], closes=closefd)
        return wrapped(raw, mode, buffering, **given)

    def os_open(
        self, path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None
    ) -> int:
        """`os.open`."""
        kind = ACCESS[flags & (os.O_RDONLY | os.O_WRONLY | os.O_RDWR)]
        nameless = getattr(os, "O_TMPFILE", 0)
        if nameless and flags & nameless == nameless:
            made: OpenFile = wait(self.files.open_nameless(self.path(path, dir_fd), kind))
            return made.number
        if flags & os.O_APPEND:
            kind = "a+" if kind == "r+" else "a"
        opened: OpenFile = wait(
            self.files.open_as(
                self.path(path, dir_fd), kind, create=bool(flags & os.O_CREAT),
                exclusive=bool(flags & os.O_EXCL) and bool(flags & os.O_CREAT),
                empty=bool(flags & os.O_TRUNC), permissions=mode,
                follow=not flags & getattr(os, "O_NOFOLLOW", 0),
            )
        )  # fmt: skip
        if flags & getattr(os, "O_DIRECTORY", 0) and not opened.inode.is_directory:
            opened.drop()
            raise failed(errno.ENOTDIR, os.fspath(path))
        return opened.number

    def opened(self, number: Any) -> OpenFile:
        """Return the open file of a descriptor, or of what has one."""
        number = number if isinstance(number, int) else number.fileno()
        found = self.files.opened.get(number)
        if found is None:
            raise failed(errno.EBADF)
        return found

    def path(self, path: Any, dir_fd: int | None = None) -> str:
        """Return a path as text, which may begin in an open folder."""
        text = os.fsdecode(path)
        if dir_fd is None or text.startswith("/"):
            return text
        return below(self.opened(dir_fd).inode, text)

    def close(self, number: int) -> None:
        """`os.close`."""
        wait(self.opened(number).close())

    def read(self, number: int, size: int) -> bytes:
        """`os.read`."""
        data: bytes = wait(self.opened(number).read(size))
        return data

    def write(self, number: int, data: Any) -> int:
        """`os.write`; to standard output and error, too."""
        if number in {1, 2}:
            stream = self.process.output if number == 1 else self.process.complaints
            stream.write(bytes(data).decode(errors="replace"))
            return len(data)
        written: int = wait(self.opened(number).write(bytes(data)))
        return written

    def lseek(self, number: int, offset: int, whence: int) -> int:
        """`os.lseek`."""
        return RawFile(self.opened(number), number, closes=False).seek(offset, whence)

    def ftruncate(self, number: int, size: int) -> None:
        """`os.ftruncate`."""
        wait(self.opened(number).truncate(size))

    def fsync(self, number: Any) -> None:
        """`os.fsync`, and `os.fdatasync`."""
        wait(self.opened(number).sync())

    def fstat(self, number: int) -> os.stat_result:
        """`os.fstat`."""
        opened = self.opened(number)
        wait(self.process.step(f"fstat {opened.path}"))
        return result(self.files.status(opened.inode))

    def sendfile(self, out_fd: int, in_fd: int, offset: int | None, count: int) -> int:
        """`os.sendfile`."""
        source = self.opened(in_fd)
        before, source.offset = source.offset, source.offset if offset is None else offset
        data: bytes = wait(source.read(count))
        if offset is not None:
            source.offset = before
        return self.write(out_fd, data) if data else 0

    def isatty(self, number: int) -> bool:
        """`os.isatty`."""
        return False

    def flock(self, file: Any, operation: int) -> None:
        """`fcntl.flock`."""
        opened = self.opened(file)
        if operation & UNLOCK:
            wait(opened.unlock())
        else:
            exclusive, blocks = bool(operation & EXCLUSIVE), not operation & NO_WAIT
            wait(opened.flock(exclusive=exclusive, wait=blocks))

    def lockf(
        self, file: Any, operation: int, length: int = 0, start: int = 0, whence: int = 0
    ) -> None:
        """`fcntl.lockf`."""
        opened = self.opened(file)
        start += (0, opened.offset, opened.inode.size)[whence]
        if operation & UNLOCK:
            wait(opened.unlock_range(start, length))
        else:
            exclusive, blocks = bool(operation & EXCLUSIVE), not operation & NO_WAIT
            wait(opened.lock_range(start, length, exclusive=exclusive, wait=blocks))


def result(found: Status) -> os.stat_result:
    """Return what is known of a file as `os.stat` returns it."""
    fields = (SORTS[found.sort] | found.mode, found.number, 1, found.links, 1000, 1000, found.size)
    at_s = found.changed_s
    times = {f"st_{letter}time": at_s for letter in "amc"}
    whole = {f"st_{letter}time_ns": round(at_s * 1e9) for letter in "amc"}
    return os.stat_result((*fields, *[int(at_s)] * 3), {**times, **whole})

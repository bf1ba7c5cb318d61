"""Ordinary code in a process: `open`, `os`, `pathlib`, `tempfile`, `fcntl` on its simulated files.

A call that others can notice is a schedule point; one that only the process itself can (its number,
its current folder) is none. What is not in the table is refused by name.
"""

from __future__ import annotations

import errno
import io
import os
import stat
import sys
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

from raceexplore.kernel.fence.doors import watch
from raceexplore.kernel.strand import wait
from raceexplore.sim.files import OpenFile, Sort, Status
from raceexplore.sim.files.errors import failed
from raceexplore.sim.files.files import below
from raceexplore.sim.processes.folders import Listing, Named
from raceexplore.sim.processes.raw import RawFile, wrapped
from raceexplore.sim.unmodelled import Unmodelled

if TYPE_CHECKING:
    from collections.abc import Iterator

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


class Exited(BaseException):
    """Ends a process at once, as `os._exit` does. code: the exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


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


class Ordinary:
    """What the calls of one process's ordinary code lead to."""

    def __init__(self, process: Host) -> None:
        watch()
        self.process, self.files = process, process.files
        self._before: tuple[Any, ...] = ()
        self._stdin = io.StringIO()
        self._argv, self._environ = list(process.argv), dict(process.env)
        self._names = (f"{process.serial:04x}{nth:04x}" for nth in count(1))

    def enter(self) -> None:
        """Lend the process what is its own: standard output, arguments and environment."""
        self._before = sys.stdin, sys.stdout, sys.stderr, sys.argv, os.environ
        sys.stdin, sys.stdout, sys.stderr = (
            self._stdin,
            self.process.output,
            self.process.complaints,
        )
        sys.argv, os.environ = self._argv, self._environ  # type: ignore[assignment]

    def leave(self) -> None:
        """Put back what was there."""
        own = sys.stdin, sys.stdout, sys.stderr, sys.argv, os.environ
        self._stdin, self.process.output, self.process.complaints = own[:3]  # type: ignore[assignment]
        self._argv, self._environ = own[3:]  # type: ignore[assignment]
        sys.stdin, sys.stdout, sys.stderr, sys.argv, os.environ = self._before

    def call(self, name: str, args: tuple[Any, ...], options: dict[str, Any]) -> object:
        """Do a call. Raises `Unmodelled` for one that there is no model of."""
        method = TABLE.get(name)
        if method is None:
            refused = Unmodelled(f"a simulated process has no model of {name}()")
            self.process.refused = refused
            raise refused
        return method(self, *args, **options)

    # --- opening

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
        opened = self._opened(number)
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
            made: OpenFile = wait(self.files.open_nameless(self._path(path, dir_fd), kind))
            return made.number
        if flags & os.O_APPEND:
            kind = "a+" if kind == "r+" else "a"
        opened: OpenFile = wait(
            self.files.open_as(
                self._path(path, dir_fd), kind, create=bool(flags & os.O_CREAT),
                exclusive=bool(flags & os.O_EXCL) and bool(flags & os.O_CREAT),
                empty=bool(flags & os.O_TRUNC), permissions=mode,
                follow=not flags & getattr(os, "O_NOFOLLOW", 0),
            )
        )  # fmt: skip
        if flags & getattr(os, "O_DIRECTORY", 0) and not opened.inode.is_directory:
            opened.drop()
            raise failed(errno.ENOTDIR, os.fspath(path))
        return opened.number

    def _opened(self, number: Any) -> OpenFile:
        number = number if isinstance(number, int) else number.fileno()
        found = self.files.opened.get(number)
        if found is None:
            raise failed(errno.EBADF)
        return found

    def _path(self, path: Any, dir_fd: int | None = None) -> str:
        text = os.fsdecode(path)
        if dir_fd is None or text.startswith("/"):
            return text
        return below(self._opened(dir_fd).inode, text)

    # --- on descriptors

    def close(self, number: int) -> None:
        """`os.close`."""
        wait(self._opened(number).close())

    def read(self, number: int, size: int) -> bytes:
        """`os.read`."""
        data: bytes = wait(self._opened(number).read(size))
        return data

    def write(self, number: int, data: Any) -> int:
        """`os.write`; to standard output and error, too."""
        if number in {1, 2}:
            stream = self.process.output if number == 1 else self.process.complaints
            stream.write(bytes(data).decode(errors="replace"))
            return len(data)
        written: int = wait(self._opened(number).write(bytes(data)))
        return written

    def lseek(self, number: int, offset: int, whence: int) -> int:
        """`os.lseek`."""
        return RawFile(self._opened(number), number, closes=False).seek(offset, whence)

    def ftruncate(self, number: int, size: int) -> None:
        """`os.ftruncate`."""
        wait(self._opened(number).truncate(size))

    def fsync(self, number: Any) -> None:
        """`os.fsync`, and `os.fdatasync`."""
        wait(self._opened(number).sync())

    def fstat(self, number: int) -> os.stat_result:
        """`os.fstat`."""
        opened = self._opened(number)
        wait(self.process.step(f"fstat {opened.path}"))
        return _result(self.files.status(opened.inode))

    def sendfile(self, out_fd: int, in_fd: int, offset: int | None, count: int) -> int:
        """`os.sendfile`."""
        source = self._opened(in_fd)
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
        opened = self._opened(file)
        if operation & UNLOCK:
            wait(opened.unlock())
        else:
            exclusive, blocks = bool(operation & EXCLUSIVE), not operation & NO_WAIT
            wait(opened.flock(exclusive=exclusive, wait=blocks))

    def lockf(
        self, file: Any, operation: int, length: int = 0, start: int = 0, whence: int = 0
    ) -> None:
        """`fcntl.lockf`."""
        opened = self._opened(file)
        start += (0, opened.offset, opened.inode.size)[whence]
        if operation & UNLOCK:
            wait(opened.unlock_range(start, length))
        else:
            exclusive, blocks = bool(operation & EXCLUSIVE), not operation & NO_WAIT
            wait(opened.lock_range(start, length, exclusive=exclusive, wait=blocks))

    # --- on paths

    def stat(
        self, path: Any, *, dir_fd: int | None = None, follow_symlinks: bool = True
    ) -> os.stat_result:
        """`os.stat`."""
        if isinstance(path, int):
            return self.fstat(path)
        name = self._path(path, dir_fd)
        found: Status = wait(self.files.stat(name, follow=follow_symlinks))
        return _result(found)

    def lstat(self, path: Any, *, dir_fd: int | None = None) -> os.stat_result:
        """`os.lstat`."""
        return self.stat(path, dir_fd=dir_fd, follow_symlinks=False)

    def access(self, path: Any, mode: int, **_: object) -> bool:
        """`os.access`: whoever asks may do everything to what is there."""
        found: bool = wait(self.files.exists(self._path(path)))
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
        return below(self._opened(path).inode, ".") if isinstance(path, int) else self._path(path)

    def status_of(self, inode: Any) -> os.stat_result:
        """Return what `os.stat` tells of an inode that a listing has found."""
        wait(self.process.step(f"stat {inode.label}"))
        return _result(self.files.status(inode))

    def mkdir(self, path: Any, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        """`os.mkdir`."""
        wait(self.files.mkdir(self._path(path, dir_fd), mode))

    def rmdir(self, path: Any, *, dir_fd: int | None = None) -> None:
        """`os.rmdir`."""
        wait(self.files.rmdir(self._path(path, dir_fd)))

    def unlink(self, path: Any, *, dir_fd: int | None = None) -> None:
        """`os.unlink`, and `os.remove`."""
        wait(self.files.unlink(self._path(path, dir_fd)))

    def rename(
        self, src: Any, dst: Any, *, src_dir_fd: int | None = None, dst_dir_fd: int | None = None
    ) -> None:
        """`os.rename`, and `os.replace`."""
        wait(self.files.rename(self._path(src, src_dir_fd), self._path(dst, dst_dir_fd)))

    def link(self, src: Any, dst: Any, **_: object) -> None:
        """`os.link`."""
        wait(self.files.link(self._path(src), self._path(dst)))

    def symlink(self, src: Any, dst: Any, target_is_directory: bool = False, **_: object) -> None:  # noqa: FBT001, FBT002
        """`os.symlink`."""
        wait(self.files.symlink(os.fsdecode(src), self._path(dst)))

    def readlink(self, path: Any, *, dir_fd: int | None = None) -> str:
        """`os.readlink`."""
        target: str = wait(self.files.readlink(self._path(path, dir_fd)))
        return target

    def truncate(self, path: Any, length: int) -> None:
        """`os.truncate`."""
        wait(self.files.truncate(self._path(path), length))

    def chmod(self, path: Any, mode: int, **_: object) -> None:
        """`os.chmod`: noted, and asked of nobody."""
        wait(self.process.step(f"chmod {path}"))
        opened = isinstance(path, int)
        inode = (
            self._opened(path).inode if opened else self.files.place(self._path(path)).existing()
        )
        inode.mode = mode

    def utime(self, path: Any, *_: object, **__: object) -> None:
        """`os.utime`: the file was changed now, whatever it is told."""
        wait(self.process.step(f"utime {path}"))
        opened = isinstance(path, int)
        inode = (
            self._opened(path).inode if opened else self.files.place(self._path(path)).existing()
        )
        inode.changed_s = self.process.world.now()

    # --- the process

    def getpid(self) -> int:
        """`os.getpid`."""
        return self.process.pid

    def getppid(self) -> int:
        """`os.getppid`: everything is started by the shell."""
        return 1

    def getcwd(self) -> str:
        """`os.getcwd`."""
        return self.files.cwd

    def chdir(self, path: Any) -> None:
        """`os.chdir`."""
        wait(self.files.chdir(self._path(path)))

    def umask(self, mask: int) -> int:
        """`os.umask`."""
        return 0o022

    def kill(self, pid: int, number: int) -> None:
        """`os.kill`."""
        wait(self.process.step(f"kill {pid} with signal {number}"))
        self.process.send(pid, number)

    def exit(self, code: int) -> None:
        """`os._exit`."""
        raise Exited(code & 0xFF)

    def sleep(self, seconds: float) -> None:
        """`time.sleep`."""
        wait(self.process.sleep(seconds))

    def temporary_names(self) -> Iterator[str]:
        """Return the names that `tempfile` tries: no two processes of a run try the same."""
        return self._names

    def temporary_folder(self) -> bytes:
        """Return `tempfile`'s folder."""
        return os.fsencode(self._environ.get("TMPDIR", "/tmp"))  # noqa: S108 of the simulation


def _result(found: Status) -> os.stat_result:
    fields = (SORTS[found.sort] | found.mode, found.number, 1, found.links, 1000, 1000, found.size)
    at_s = found.changed_s
    times = {f"st_{letter}time": at_s for letter in "amc"}
    whole = {f"st_{letter}time_ns": round(at_s * 1e9) for letter in "amc"}
    return os.stat_result((*fields, *[int(at_s)] * 3), {**times, **whole})


TABLE: dict[str, Any] = {
    "builtins.open": Ordinary.open,
    "io.open": Ordinary.open,
    "os.open": Ordinary.os_open,
    "os.remove": Ordinary.unlink,
    "os.replace": Ordinary.rename,
    "os.fdatasync": Ordinary.fsync,
    "os.fchmod": Ordinary.chmod,
    "os._exit": Ordinary.exit,
    "fcntl.flock": Ordinary.flock,
    "fcntl.lockf": Ordinary.lockf,
    "time.sleep": Ordinary.sleep,
    "tempfile._get_candidate_names": Ordinary.temporary_names,
    "tempfile._gettempdir": Ordinary.temporary_folder,
    **{
        f"os.{method.__name__}": method
        for method in (
            Ordinary.close, Ordinary.read, Ordinary.write, Ordinary.lseek, Ordinary.ftruncate,
            Ordinary.fsync, Ordinary.fstat, Ordinary.isatty, Ordinary.stat, Ordinary.lstat,
            Ordinary.access, Ordinary.listdir, Ordinary.scandir, Ordinary.mkdir, Ordinary.rmdir,
            Ordinary.unlink, Ordinary.rename, Ordinary.link, Ordinary.symlink, Ordinary.readlink,
            Ordinary.truncate, Ordinary.chmod, Ordinary.utime, Ordinary.getpid, Ordinary.getppid,
            Ordinary.getcwd, Ordinary.sendfile, Ordinary.chdir, Ordinary.umask, Ordinary.kill,
        )
    },
}  # fmt: skip
"""The calls that there is a model of, by the names of the doors."""

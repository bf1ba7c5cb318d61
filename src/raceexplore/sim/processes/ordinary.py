"""Ordinary code in a process: `open`, `os`, `pathlib`, `tempfile`, `fcntl` on its simulated files.

A call that others can notice is a schedule point; one that only the process itself can (its number,
its current folder) is none. What is not in the table is refused by name.
"""

from __future__ import annotations

import io
import os
import sys
from itertools import count
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.fence.doors import watch
from raceexplore.kernel.fence.strand import wait
from raceexplore.sim.processes.descriptors import Descriptors, Host
from raceexplore.sim.processes.paths import Paths
from raceexplore.sim.unmodelled import Unmodelled

if TYPE_CHECKING:
    from collections.abc import Iterator


class Exited(BaseException):
    """Ends a process at once, as `os._exit` does. code: the exit code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Ordinary:
    """What the calls of one process's ordinary code lead to."""

    def __init__(self, process: Host) -> None:
        watch()
        self.process, self.files = process, process.files
        self.descriptors = Descriptors(process)
        self.paths = Paths(self.descriptors)
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
        owner, function = method
        parts = {Ordinary: self, Descriptors: self.descriptors, Paths: self.paths}
        return function(parts[owner], *args, **options)

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
        wait(self.files.chdir(self.descriptors.path(path)))

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


def _methods(owner: type, *functions: Any) -> dict[str, tuple[type, Any]]:
    return {f"os.{function.__name__}": (owner, function) for function in functions}


TABLE: dict[str, tuple[type, Any]] = {
    "builtins.open": (Descriptors, Descriptors.open),
    "io.open": (Descriptors, Descriptors.open),
    "os.open": (Descriptors, Descriptors.os_open),
    "os.remove": (Paths, Paths.unlink),
    "os.replace": (Paths, Paths.rename),
    "os.fdatasync": (Descriptors, Descriptors.fsync),
    "os.fchmod": (Paths, Paths.chmod),
    "os._exit": (Ordinary, Ordinary.exit),
    "fcntl.flock": (Descriptors, Descriptors.flock),
    "fcntl.lockf": (Descriptors, Descriptors.lockf),
    "time.sleep": (Ordinary, Ordinary.sleep),
    "tempfile._get_candidate_names": (Ordinary, Ordinary.temporary_names),
    "tempfile._gettempdir": (Ordinary, Ordinary.temporary_folder),
    **_methods(
        Descriptors, Descriptors.close, Descriptors.read, Descriptors.write, Descriptors.lseek,
        Descriptors.ftruncate, Descriptors.fsync, Descriptors.fstat, Descriptors.isatty,
        Descriptors.sendfile,
    ),
    **_methods(
        Paths, Paths.stat, Paths.lstat, Paths.access, Paths.listdir, Paths.scandir, Paths.mkdir,
        Paths.rmdir, Paths.unlink, Paths.rename, Paths.link, Paths.symlink, Paths.readlink,
        Paths.truncate, Paths.chmod, Paths.utime,
    ),
    **_methods(
        Ordinary, Ordinary.getpid, Ordinary.getppid, Ordinary.getcwd, Ordinary.chdir,
        Ordinary.umask, Ordinary.kill,
    ),
}  # fmt: skip
"""The calls that there is a model of, by the names of the doors: whose method does each."""

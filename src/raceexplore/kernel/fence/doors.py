"""The calls of the operating system that ordinary code makes in a simulated process.

Each leads, from within a strand, to what simulates the process; anywhere else it is the real one,
or what the guard has put in its place. Python's own importing is let through: what it reads is the
program, and no file of the simulated machine.
"""

from __future__ import annotations

import sys
from functools import wraps
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.fence.strand import inside

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

Patch = tuple[Any, str, Any]

OS = (
    "open", "close", "read", "write", "pread", "pwrite", "lseek", "ftruncate", "truncate",
    "fsync", "fdatasync", "sync", "stat", "lstat", "fstat", "access", "listdir", "scandir",
    "mkdir", "rmdir", "unlink", "remove", "rename", "replace", "link", "symlink", "readlink",
    "chmod", "fchmod", "chown", "utime", "getpid", "getppid", "kill", "getcwd", "chdir", "isatty",
    "_exit", "dup", "dup2", "umask", "mkfifo", "pipe", "lockf", "sendfile", "copy_file_range",
    "statvfs", "getxattr", "setxattr", "listxattr", "posix_fallocate", "fchdir",
    "killpg", "abort", "mknod", "getcwdb", "readv", "writev", "preadv", "pwritev", "memfd_create",
    "waitpid", "wait", "openpty", "set_blocking", "get_blocking",
)  # fmt: skip
DOORS = {
    "os": OS,
    "builtins": ("open",),
    "io": ("open",),
    "fcntl": ("flock", "lockf", "fcntl", "ioctl"),
    "time": ("sleep",),
    "tempfile": ("_get_candidate_names", "_gettempdir"),
}
"""Module -> the names in it that lead elsewhere from within a strand."""

IMPORTING = {"posix", "nt", "_frozen_importlib_external", "importlib._bootstrap_external"}
TOP = __name__.partition(".")[0]
ORDINARY = f"{TOP}.sim.processes.ordinary"
OF_STRANDS = (f"{TOP}.sim.processes.", f"{TOP}.kernel.fence.strand", __name__)  # in between
GUESTS = (f"{TOP}.models.", f"{TOP}.schedulers.")


def through(patches: Sequence[Patch]) -> list[Patch]:
    """Return ``patches`` and the doors; a call that has a patch already goes there from outside.

    There are none before anything is imported that could have a strand: they cost 0.2 ms.
    """
    if ORDINARY not in sys.modules:
        return list(patches)
    found = {(id(owner), name): patch for patch in patches for owner, name in (patch[:2],)}
    for module, names in DOORS.items():
        owner = _loaded(module)
        for name in names if owner is not None else ():
            known = found.get((id(owner), name))
            real = vars(owner).get(name) if known is None else known[2]
            if real is not None:
                found[id(owner), name] = owner, name, _known_door(f"{module}.{name}", real)
    return list(found.values())


_made: dict[str, tuple[Any, Any]] = {}  # name -> what is behind its door, and the door


def _known_door(name: str, real: Callable[..., Any]) -> Any:
    behind, door = _made.get(name, (None, None))
    if behind is not real:
        door = _door(name, real)
        _made[name] = real, door
    return door


def is_own(module: Any, name: str) -> bool:
    """Return whether ``module`` is os, which has its door, or needs the real call to import others.

    Those that end a process have none of their own in the modules that import.
    """
    known = getattr(module, "__name__", "")
    return known == "os" or (known in IMPORTING and name in OS and name not in ENDING)


PAST_DOORS = {
    "": ("open",),
    "mmap.": ("__new__",),
    "sqlite3.": ("connect",),
    "dbm.": ("open",),
    "subprocess.": ("Popen",),
    "os.": (*OS, "fork", "forkpty", "system", "exec", "posix_spawn", "removexattr", "lchmod"),
    "fcntl.": ("flock", "lockf", "fcntl", "ioctl"),
    "socket.": ("__new__", "connect", "bind", "getaddrinfo"),
}
REAL = frozenset(f"{module}{name}" for module, names in PAST_DOORS.items() for name in names)
"""What Python tells its auditors of that reaches the real machine ("Audit events table")."""


def watch() -> None:
    """Refuse, from now on, whatever a strand would reach the real machine by, past every door."""
    if not _watching:
        _watching.append(True)
        sys.addaudithook(_audit)


_watching: list[bool] = []


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if event in REAL:
        strand = inside()
        if strand is not None and not _is_ours(sys._getframe(1)):  # noqa: SLF001 who calls decides
            strand.calls.call(f"the real {event}", args, {})


ENDING = ("_exit", "abort", "kill", "killpg")  # patched in every module: a run may not end itself


def _loaded(module: str) -> Any:
    if module in {"fcntl", "tempfile"} and module not in sys.modules:
        try:  # a program may import it later, and must find its doors
            __import__(module)
        except ImportError:
            return None
    return sys.modules.get(module)


def _door(name: str, real: Callable[..., Any]) -> Any:
    @wraps(real, assigned=("__name__", "__qualname__", "__doc__"), updated=())
    def door(*args: Any, **options: Any) -> Any:
        strand = inside()
        if strand is None or _is_ours(sys._getframe(1)):  # noqa: SLF001 who calls decides
            return real(*args, **options)
        return strand.calls.call(name, args, options)

    return door


def _is_ours(frame: FrameType | None) -> bool:
    """Return whether raceexplore itself calls, through Python's library or directly.

    It looks at files while the program runs: where a line of it stands, for a report.
    """
    while frame is not None:
        module = str(frame.f_globals.get("__name__"))
        top = module.partition(".")[0]
        if top not in sys.stdlib_module_names:
            return top == TOP and not module.startswith((*GUESTS, *OF_STRANDS))
        if top == "importlib" or module == "zipimport":
            return True
        frame = frame.f_back
    return False


def names() -> list[str]:
    """Return what leads elsewhere, as ``module.name``, for those who must know each."""
    return [f"{module}.{name}" for module, found in DOORS.items() for name in found]

"""Stop a real process right after the system call that has changed a folder (Linux, ptrace).

Each call of the process, and of those that it starts, is waited for; then the folder is looked at.
So the process stands still at the same places on a busy machine as on an idle one. Where a system
does not allow that, the folder is looked at as often as possible, and some places are missed.
"""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable
from functools import cache

SEIZE, INTERRUPT, SYSCALL, DETACH = 0x4206, 0x4207, 24, 17
GOOD, FORK, VFORK, CLONE, EXIT_KILL = 0x1, 0x2, 0x4, 0x8, 0x100000
WALL = 0x40000000


@cache
def _library() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL(None, use_errno=True)
        library.ptrace.restype = ctypes.c_long
        library.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    except (OSError, AttributeError, TypeError):  # of a system without it
        return None
    return library


def _ptrace(request: int, pid: int, data: int = 0) -> bool:
    library = _library()
    return library is not None and library.ptrace(request, pid, None, data) >= 0


class Steps:
    """A process whose calls are waited for, one after the other.

    code: how it has ended, once it has. stopped: the processes that stand still now.
    """

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.code: int | None = None
        self.stopped: set[int] = set()
        self.known = {pid}
        self.is_followed = _ptrace(SEIZE, pid, GOOD | FORK | VFORK | CLONE | EXIT_KILL)
        if self.is_followed:
            _ptrace(INTERRUPT, pid)

    def until(self, is_reached: Callable[[], bool]) -> bool:
        """Go on until it is so after a call; then everything stands still. False: it has ended."""
        while self.known:
            who, status = self._next()
            if who is None:
                continue
            self.stopped.add(who)
            if is_reached():
                return True
            self._resume(who, status)
        return False

    def go_on(self) -> None:
        """Let all that stands still go on by itself, and follow nothing any more."""
        while self.known:
            for pid in sorted(self.known - self.stopped):
                _ptrace(INTERRUPT, pid)
            for pid in sorted(self.stopped):
                _ptrace(DETACH, pid)
                self.known.discard(pid)
            self.stopped.clear()
            if self.known:
                who, _ = self._next()
                if who is not None:
                    self.stopped.add(who)

    def _next(self) -> tuple[int | None, int]:
        """Wait for the next process that stands still; None: one has ended."""
        try:
            who, status = os.waitpid(-self.pid, WALL)
        except ChildProcessError:
            self.known.clear()
            return None, 0
        if os.WIFSTOPPED(status):
            self.known.add(who)
            return who, status
        self.known.discard(who)
        if who == self.pid:
            self.code = os.waitstatus_to_exitcode(status)
        return None, status

    def _resume(self, who: int, status: int) -> None:
        number, event = os.WSTOPSIG(status), status >> 16
        ours = event or number in {signal.SIGTRAP, signal.SIGTRAP | 0x80}
        self.stopped.discard(who)
        _ptrace(SYSCALL, who, 0 if ours else number)

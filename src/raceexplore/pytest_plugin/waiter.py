"""A process that waits for the one of pytest, so that no test can end the session with status 0.

A program may call C's ``_exit(0)``, which nothing of Python's sees: the spare then tells the
failure, but whoever started pytest would hear that all is well. So before the first test, pytest
goes on in a fork. The process that was started does nothing but wait for it, and pass on signals.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from raceexplore.kernel.fence.pulse import can_scout, pulse, shared_cells
from raceexplore.pytest_plugin.settings import is_marked
from raceexplore.search.processes.supervisor import end_with_parent

if TYPE_CHECKING:
    from collections.abc import Generator, MutableSequence

PASSED_ON = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
FROM_THE_KERNEL = 128  # the code of a signal of a terminal's, which sends it to both processes

# whether a test is being explored; shared with the process that waits, if there is one
exploring: MutableSequence[int] = [0]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, Any, Any]:
    """Go on in a fork, if there are tests that explore."""
    explore = any(map(is_marked, session.items))
    if explore and not session.config.option.collectonly and _is_possible():
        _go_on_in_a_fork()
    return (yield)


def _is_possible() -> bool:
    """Return whether this process is pytest's alone, and a fork of it lacks nothing.

    A worker of xdist needs no other process to wait for it; a debugger has its eye on this one.
    """
    started = Path(sys.argv[0]).name in {"pytest", "py.test"} or _is_main()
    watched = sys.gettrace() is not None or pulse.supervised
    return started and _threads() == 1 and not watched and can_scout() and _can_wait()


def _is_main() -> bool:
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    return spec is not None and spec.name in {"pytest", "pytest.__main__"}


def _threads() -> int:
    try:
        return len(list(Path("/proc/self/task").iterdir()))
    except OSError:
        return threading.active_count()


def _can_wait() -> bool:
    here = threading.current_thread() is threading.main_thread()
    return here and hasattr(signal, "sigwaitinfo")


def _go_on_in_a_fork() -> None:
    """Return in a fork of this process only: this one waits for it, and ends as it does."""
    global exploring  # noqa: PLW0603 it is shared from here on
    shared = shared_cells()
    heard = {getattr(signal, name) for name in PASSED_ON} | {signal.SIGCHLD}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, heard)
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        below, lifeline = os.pipe()
        child = os.fork()
    except OSError:  # no process to be had: then without
        child = 0
    else:
        if child:
            _wait(child, heard, shared)
        os.close(lifeline)
        end_with_parent(below)
    exploring = shared
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _wait(child: int, heard: set[signal.Signals], shared: MutableSequence[int]) -> NoReturn:
    """Wait for ``child``, pass on what signals come, and end as it ended."""
    while True:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            _end(os.waitstatus_to_exitcode(status), was_exploring=bool(shared[0]))
        heard_now = signal.sigwaitinfo(heard)
        if heard_now.si_signo != signal.SIGCHLD and heard_now.si_code != FROM_THE_KERNEL:
            os.kill(child, heard_now.si_signo)


def _end(code: int, *, was_exploring: bool) -> NoReturn:
    if code < 0:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the other process has left its own
        if -code not in {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(-code, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.kill(os.getpid(), -code)
    os._exit(1 if was_exploring and code == 0 else abs(code))

"""The process that waits for the one that does a command, and outlives whatever ends that one.

A program under test can end the process it runs in, or get stuck where nothing of Python's breaks
in. So a command is done by a fork. If that dies, or is ended because it does not move, another one
does the command again, which repeats exactly, and knows in which run to beware.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from typing import TYPE_CHECKING, NoReturn, Protocol

from raceexplore.kernel.fence.pulse import (
    IDLE,
    TICK_S,
    Cell,
    Death,
    Doing,
    Stillness,
    can_scout,
    pulse,
    shared_cells,
    told,
)
from raceexplore.kernel.fence.watchdog import end_process, watchdog
from raceexplore.search.processes.testament import testament

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

LIVES = 12  # processes that one command may use up
LEAVE_S = 3.0  # what an interrupted process has to tell what it has found
ENDS = ("SIGTERM", "SIGHUP", "SIGQUIT")  # signals that ask this process to end


USAGE, REFUSED, CRASH, INTERRUPTED = 2, 4, 70, 130  # what the command line ends with


class Tell(Protocol):
    """How standard error is told what ended a command."""

    def complain(self, message: str, /) -> object:
        """Tell the error."""
        ...

    def note(self, message: str, /) -> object:
        """Tell what goes with it."""
        ...


def supervised(work: Callable[[], int], tell: Tell) -> int:
    """Return the exit status of ``work``, done in a process of its own where that can be had."""
    if not can_scout() or not hasattr(select, "poll"):
        return work()
    try:
        supervisor = _Supervisor(work, tell)
    except OSError:  # there are too few descriptors even for two pipes: then this process
        testament.close()
        return work()
    return supervisor.run()


class _Supervisor:
    def __init__(self, work: Callable[[], int], tell: Tell) -> None:
        self._work, self._tell, self._cells = work, tell, shared_cells()
        self._deaths: dict[int, Death] = {}
        self._presses, self._asked = 0, 0  # Ctrl-C; another signal to end
        self._left_s = float("inf")
        testament.open()
        self._wakes, self._wake = os.pipe()

    def run(self) -> int:
        """Have the command done; return its exit status, and tell what ended it early."""
        self._undo = self._listen(self._wake)
        try:
            ended = self._lives()
        finally:
            self._undo()
        if not isinstance(ended, int):
            for line in testament.lines():
                self._tell.note(line)
            if not self._asked:
                self._tell.complain(ended[1])
            ended = ended[0]
        testament.close()
        if self._asked:
            os.kill(os.getpid(), self._asked)
        return ended

    def _lives(self) -> int | tuple[int, str]:
        """Return the exit status; in its place, if no process has got there, a status and why."""
        for _ in range(LIVES):
            try:
                child = self._start()
            except OSError:  # no process to be had: then this one
                self._undo()
                return self._work()
            how = self._wait(child)
            if self._cells[Cell.STATUS]:
                return int(self._cells[Cell.STATUS]) - 1
            if self._presses or self._asked:
                return INTERRUPTED, "interrupted"
            number, doing = self._cells[Cell.RUN], self._cells[Cell.DOING]
            if doing in (*IDLE, Doing.IMPORT) or number in self._deaths:
                break
            self._deaths[number] = Death(how)
        return _give_up(how, number, doing)

    def _start(self) -> int:
        """Start a process that does the command; return its number."""
        here, there = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        child = os.fork()
        if child == 0:
            os.close(there)
            self._be_child(here)
        os.close(here)
        self._lifeline = there
        return child

    def _be_child(self, lifeline: int) -> NoReturn:
        """Do the command, and end; what a stray Ctrl-C has ended is told by the other process."""
        end_with_parent(lifeline)
        self._undo()
        pulse.live(self._cells, self._deaths)
        watchdog.end = end_process
        try:
            ended = self._work()
        except KeyboardInterrupt:
            os._exit(INTERRUPTED)
        self._cells[Cell.DOING] = Doing.NOTHING
        self._cells[Cell.STATUS] = ended + 1
        os._exit(ended)

    def _wait(self, child: int) -> str:
        """Return how ``child`` ended: in words, and empty if it had to be ended."""
        stillness = Stillness()
        try:
            while True:
                found, code = os.waitpid(child, os.WNOHANG)
                if found:
                    return told(code)
                began = time.monotonic()
                if self._wakes in select.select([self._wakes], [], [], TICK_S)[0]:
                    os.read(self._wakes, 512)
                passed_s = time.monotonic() - began
                self._pass_on(child, passed_s)
                if stillness.too_long(self._cells, passed_s) or self._left_s <= 0:
                    os.kill(child, signal.SIGKILL)
                    os.waitpid(child, 0)
                    return ""
        finally:
            os.close(self._lifeline)

    def _pass_on(self, child: int, passed_s: float) -> None:
        """See that ``child`` knows of the signals that have come here, and that it heeds them."""
        pressed = self._cells[Cell.PRESSED] = max(self._presses, bool(self._asked))
        if pressed > self._cells[Cell.PRESSES] and self._left_s == float("inf"):
            time.sleep(0.05)  # the terminal tells both of us; told twice, it counts once
            if pressed > self._cells[Cell.PRESSES]:
                os.kill(child, signal.SIGINT)
        if self._presses > 1 or self._asked:
            self._left_s = min(self._left_s, LEAVE_S if self._asked else TICK_S) - passed_s

    def _listen(self, wake: int) -> Callable[[], None]:
        """Hear signals from now on, and write to ``wake`` when one comes; return the undoing."""
        os.set_blocking(wake, False)
        before = {signal.SIGCHLD: signal.signal(signal.SIGCHLD, lambda *_: None)}
        if signal.getsignal(signal.SIGINT) == signal.default_int_handler:
            before[signal.SIGINT] = signal.signal(signal.SIGINT, self._press)
        for number in (getattr(signal, name, None) for name in ENDS):
            if number and signal.getsignal(number) == signal.SIG_DFL:
                before[number] = signal.signal(number, self._ask)
        signal.set_wakeup_fd(wake)

        def undo() -> None:
            if before:
                signal.set_wakeup_fd(-1)
                os.close(self._wakes)
                os.close(wake)
            while before:
                signal.signal(*before.popitem())

        return undo

    def _press(self, signum: int, frame: FrameType | None) -> None:
        # at a prompt it means: not this command; whoever shows the prompt has got it, too
        self._presses += self._cells[Cell.DOING] != Doing.TALK

    def _ask(self, signum: int, frame: FrameType | None) -> None:
        self._asked = signum


def end_with_parent(lifeline: int) -> None:
    """Let this process end when its parent does, even if it is stuck: by SIGIO, on Linux.

    lifeline: the end to read of a pipe whose other end the parent alone has.
    """
    try:
        import fcntl

        fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
        flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC)
    except (ImportError, OSError, AttributeError):  # then its orphan ends when it has done its work
        return


def _give_up(how: str, number: int, doing: int) -> tuple[int, str]:
    """Return the exit status after the death of the process that did the command, and why."""
    what = f"by {how}" if how else "as it did not move any more"
    if doing == Doing.IMPORT:
        return REFUSED if how else USAGE, f"the import of the program was ended {what}"
    if doing in IDLE:
        return CRASH, f"raceexplore's own process was ended {what}"
    return REFUSED, f"run {number} of this command was ended {what}, and not each time alike"

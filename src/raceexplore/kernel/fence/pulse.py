"""What another process can see of this one, and what is known of the runs that end their process.

A process that watches this one shares a few numbers with it: how often the timer has ticked, which
run is in progress, and what is being done for the program. When this one dies or ticks no more, the
other starts it anew and says in which run that was. A campaign repeats exactly, so that run comes
again; then a scout goes first: a fork that does the run, to its end or to its death. With what the
scout has shown, the run is done here up to the event before which its process ends.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import MutableSequence

TICK_S = 0.25
GRACE_S = 1.0  # by which a process may be late to notice itself that an event takes too long
AFTER = 64  # runs after a death that a scout does first; more, each time one was still missed
BEFORE = 2  # and before the one in which the process is known to have died
PAUSES_S = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01)  # between two looks at a scout


class Cell(IntEnum):
    """The numbers that are shared.

    RUN: how many runs have begun. EVENT: how many events of that one, told by scouts only. STATUS:
    the exit status and 1. WALL_MS: milliseconds that one event may take. PRESSES: of Ctrl-C that
    this process has heeded; PRESSED: that whoever waits for it knows of. INDEX and PID: of a
    worker, the run of the campaign that it does, and its process.
    """

    TICKS = 0
    RUN = 1
    DOING = 2
    EVENT = 3
    STATUS = 4
    WALL_MS = 5
    PRESSES = 6
    INDEX = 7
    PID = 8
    PRESSED = 9


CELLS = len(Cell)


class Doing(IntEnum):
    """What a process does for the program: nothing, load it, run it, ask for a text.

    Or TALK: a person steps through a run, who takes as long as he likes.
    """

    NOTHING = 0
    IMPORT = 1
    RUN = 2
    TEXT = 3
    TALK = 4


IDLE = (Doing.NOTHING, Doing.TALK)  # no code of the program's is waited for


class Death(NamedTuple):
    """How a process ended during a run.

    how: in words, ``SIGSEGV`` or ``exit status 3``; empty if it was ended because it was stuck.
    event: the number of events that had begun. doing: what was being done.
    """

    how: str
    event: int = 0
    doing: int = Doing.RUN


class Pulse:
    """The pulse of this process.

    deaths: the runs in which earlier processes of this command have died. supervised: another
    process waits for this one; spared: another one stands by. scouting: this is a scout. mute: no
    text is to be asked of the exception of this run.
    """

    def __init__(self) -> None:
        self.cells: MutableSequence[int] = [0] * CELLS
        self.deaths: dict[int, Death] = {}
        self.supervised = self.spared = self.scouting = self.mute = False
        self._until = 0  # the last run that a scout does first
        self._process = os.getpid()
        self._shared: Any = None

    def live(self, cells: MutableSequence[int], deaths: dict[int, Death]) -> None:
        """Be the process whose pulse is ``cells``; others have died in the runs ``deaths``."""
        self.cells, self.deaths, self._until, self._shared = cells, deaths, 0, None
        self.supervised = True
        for cell in range(CELLS):
            cells[cell] = 0

    def beware(self, runs: int = AFTER) -> None:
        """Let scouts do the next ``runs`` runs first: one of them may end its process."""
        self._until = max(self._until, self.cells[Cell.RUN] + runs)

    def run_begins(self, wall_s: float) -> Death | None:
        """Count a run; return how it will end its process, if that is known."""
        cells = self.cells
        number = cells[Cell.RUN] = cells[Cell.RUN] + 1
        cells[Cell.WALL_MS] = int(wall_s * 1000)
        cells[Cell.DOING] = Doing.RUN
        if not self.deaths and number > self._until:
            return None
        return self._foreseen(number, wall_s)

    def is_catching_up(self) -> bool:
        """Return whether an earlier process of this command has died in a later run than this."""
        return bool(self.deaths) and self.cells[Cell.RUN] < max(self.deaths)

    def forked(self) -> None:
        """Note that this process is a fork that Python has made."""
        self._process = os.getpid()

    def run_ends(self) -> None:
        """Note that a run has ended; a scout ends with it."""
        if os.getpid() != self._process:  # a fork that C code of the program's has made
            os._exit(0)
        self.mute = False
        self.cells[Cell.DOING] = Doing.NOTHING
        if self.scouting:
            os._exit(0)

    def _foreseen(self, number: int, wall_s: float) -> Death | None:
        if any(0 <= known - number <= BEFORE for known in self.deaths):
            self._until = max(self._until, number)
        if number in self.deaths:
            self.beware(AFTER * 4 ** (len(self.deaths) - 1))
        if number > self._until or self.scouting or not can_scout():
            return None
        death = self._scouted(wall_s)
        if death is not None:
            self.beware()
            self.mute = death.doing == Doing.TEXT
        return death

    def _scouted(self, wall_s: float) -> Death | None:
        """Return how a fork ends that does the run now; return None in that fork, too."""
        if self._shared is None:
            self._shared = shared_cells()
        for cell in range(CELLS):
            self._shared[cell] = self.cells[cell]
        child = os.fork()
        if child == 0:
            self._be_scout()
            return None
        how = awaited(child, self._shared, wall_s)
        if how == "exit status 0" and self._shared[Cell.DOING] == Doing.NOTHING:
            return None
        return Death(how, self._shared[Cell.EVENT], self._shared[Cell.DOING])

    def _be_scout(self) -> None:
        self.cells, self.scouting = self._shared, True
        self.cells[Cell.EVENT] = 0
        sys.stdout = sys.stderr = _Deaf()


class _Deaf:
    """What a scout prints is printed again by the run itself."""

    encoding = "utf-8"

    def write(self, text: str) -> int:
        """Forget ``text``."""
        return len(text)

    def flush(self) -> None:
        """Nothing is kept."""

    def isatty(self) -> bool:
        """Return False."""
        return False


def can_scout() -> bool:
    """Return whether this process can be forked here."""
    return hasattr(os, "fork") and hasattr(os, "waitstatus_to_exitcode")


def shared_cells() -> Any:
    """Return cells that forks of this process share with it."""
    import mmap

    return memoryview(mmap.mmap(-1, 8 * CELLS)).cast("Q")


class Stillness:
    """For how long a process has not ticked, counted in looks: a machine may sleep, too."""

    def __init__(self) -> None:
        self.ticks, self.still_s = -1, 0.0

    def too_long(self, cells: Any, looked_s: float) -> bool:
        """Return whether a process that works for the program has been still for too long."""
        if cells[Cell.TICKS] != self.ticks or cells[Cell.DOING] in IDLE:
            self.ticks, self.still_s = cells[Cell.TICKS], 0.0
            return False
        self.still_s += min(looked_s, TICK_S)
        return bool(self.still_s > cells[Cell.WALL_MS] / 1000 + GRACE_S)


def awaited(child: int, cells: Any, wall_s: float) -> str:
    """Wait for the process ``child``; return how it ended, empty if it had to be ended."""
    stillness, look = Stillness(), 0
    cells[Cell.WALL_MS] = int(wall_s * 1000)
    while True:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return told(status)
        pause_s = PAUSES_S[min(look, len(PAUSES_S) - 1)]
        time.sleep(pause_s)
        look += 1
        if stillness.too_long(cells, pause_s):
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return ""


def told(status: int) -> str:
    """Return in words how a process ended whose wait status is ``status``."""
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"exit status {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


pulse = Pulse()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=pulse.forked)

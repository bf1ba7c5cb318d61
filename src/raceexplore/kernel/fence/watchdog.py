"""The wall-clock limit of one event, and Ctrl-C: both end a run that does not reach an await."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.errors import Interrupted, Stuck
from raceexplore.kernel.events.trace import Site
from raceexplore.kernel.fence.pulse import CELLS, TICK_S, Cell, Doing, pulse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

STUCK = "has not reached an await"  # what the cut of a run says that this limit has ended
OUT_OF_TIME = "the time limit has passed"  # likewise
AGAIN_S = 1.0  # an event of a program of which another one has been stuck: it will be, too
TEXT_S = 2.0  # what an object of the program's may take to tell its text
IMPORTS = 3  # times the limit of an event: what the import of a program may take
LATE_S = 0.5  # a run that lasts so long after the time limit is ended


class Watchdog:
    """Looks in every quarter of a second; needs the main thread and SIGALRM to be effective.

    interrupted: Ctrl-C was pressed, and nobody has heeded it yet. loop: the running loop, or None
    between runs. on: it looks in. stuck: an event has taken too long since it began to look in.
    until_s: what `perf_counter` shows when the time limit passes. hears: Ctrl-C comes here and
    nowhere else. end: what a second Ctrl-C does. attended: a person steps through the run.
    """

    def __init__(self) -> None:
        self.interrupted = self.on = self.hears = False
        self.stuck = self.attended = False
        self.presses = 0
        self.loop: Any = None
        self.wall_s = 10.0
        self.until_s = float("inf")
        self.end: Callable[[], object] = give_up
        self._mark: tuple[int, int] = (0, 0)
        self._ticks = 0

    def tick(self, signum: int, frame: FrameType | None) -> None:
        """Count how long the current event has lasted."""
        pulse.cells[Cell.TICKS] += 1
        loop = self.loop
        if loop is None:
            self._look_between(frame)
            return
        mark = (id(loop), loop.count_steps())
        if mark != self._mark:
            self._mark, self._ticks = mark, 0
        else:
            self._ticks += 1
        if self.interrupted:
            loop.abort(Interrupted())
            raise Interrupted
        if perf_counter() > self.until_s + LATE_S:
            loop.abort(OUT_OF_TIME)
            if self._ticks:
                raise Stuck(OUT_OF_TIME)
        if self._ticks * TICK_S >= (min(self.wall_s, AGAIN_S) if self.stuck else self.wall_s):
            self._ticks, self.stuck = 0, True
            site = place(frame)
            loop.abort(f"{site} {STUCK} for {self.wall_s:g} s")
            raise Stuck(str(site))

    def _look_between(self, frame: FrameType | None) -> None:
        """Count how long an import of the program has lasted, or a text that it was asked for."""
        doing = pulse.cells[Cell.DOING]
        if doing not in {Doing.IMPORT, Doing.TEXT}:
            self._mark, self._ticks = (0, 0), 0
            return
        self._ticks = self._ticks + 1 if self._mark == (doing, 0) else 0
        self._mark = doing, 0
        limit_s = TEXT_S if doing == Doing.TEXT else IMPORTS * self.wall_s
        if self._ticks * TICK_S >= limit_s or perf_counter() > self.until_s + LATE_S:
            self._ticks = 0
            raise Stuck(f"{place(frame)} has not come to an end in {limit_s:g} s")

    def interrupt(self, signum: int, frame: FrameType | None) -> None:
        """Remember Ctrl-C; the campaign stops before its next run, a long run at a tick.

        A second one ends what a first one has not ended. How many there were is known to whoever
        waits for this process: one press may come here twice, from the terminal and from there.
        """
        known = pulse.cells[Cell.PRESSED]
        self.presses = max(1, known) if pulse.supervised else self.presses + 1
        pulse.cells[Cell.PRESSES] = self.presses
        self.interrupted = True
        if self.presses > 1:
            self.end()
        elif self.loop is None and pulse.cells[Cell.DOING] == Doing.IMPORT:
            raise KeyboardInterrupt

    @contextmanager
    def timed(self, until_s: float) -> Iterator[None]:
        """End runs of the block that last on after the time ``until_s`` of `perf_counter`.

        Not after the death of an earlier process: what it has found must be found again.
        """
        self.until_s = float("inf") if pulse.deaths else until_s
        try:
            yield
        finally:
            self.until_s = float("inf")

    def heed(self) -> bool:
        """Return whether Ctrl-C was pressed since the last time that it was asked."""
        pressed, self.interrupted = self.interrupted, False
        return pressed


def give_up() -> None:
    """Raise KeyboardInterrupt, as Python itself does at once."""
    raise KeyboardInterrupt


def place(frame: FrameType | None) -> Site:
    """Return the innermost line of the program that ``frame`` stands in."""
    from raceexplore.kernel.standing.walk import (
        is_user_file,  # here, so that --help need not load trio
    )

    last = Site("?", 0, "")
    while frame is not None:
        code = frame.f_code
        site = Site(code.co_filename, frame.f_lineno, code.co_qualname)
        if is_user_file(code.co_filename):
            return site
        last, frame = site, frame.f_back
    return last


watchdog = Watchdog()


def _fork_begins() -> None:
    """Let a fork, which inherits no timer, watch its runs itself."""
    if watchdog.on:
        watchdog.on = watchdog.hears = False
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        if signal.getsignal(signal.SIGINT) == watchdog.interrupt:
            signal.signal(signal.SIGINT, signal.default_int_handler)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_fork_begins)


@contextmanager
def doing(what: Doing) -> Iterator[None]:
    """Let whoever watches know what is done for the program in the block."""
    cells = pulse.cells
    before, cells[Cell.DOING] = cells[Cell.DOING], what
    if what == Doing.IMPORT:
        cells[Cell.WALL_MS] = int(IMPORTS * watchdog.wall_s * 1000)
    try:
        yield
    finally:
        cells[Cell.DOING] = before


@contextmanager
def watching(wall_s: float) -> Iterator[Watchdog]:
    """Watch the runs of the block; within another such block, by a limit of its own.

    Does nothing outside the main thread, or where somebody else already uses SIGALRM.
    """
    before_s, watchdog.wall_s = watchdog.wall_s, wall_s
    try:
        if watchdog.on or not _is_free():
            yield watchdog
        else:
            with _switched_on():
                yield watchdog
    finally:
        watchdog.wall_s = before_s


def _is_free() -> bool:
    if watchdog.attended or not hasattr(signal, "SIGALRM"):
        return False
    mine = threading.current_thread() is threading.main_thread()
    return mine and signal.getsignal(signal.SIGALRM) in (signal.SIG_DFL, None)


@contextmanager
def _switched_on() -> Iterator[None]:
    watchdog.interrupted, watchdog.stuck, watchdog.presses = False, False, 0
    handlers: list[tuple[int, Callable[..., Any]]] = [(signal.SIGALRM, watchdog.tick)]
    sigint = signal.getsignal(signal.SIGINT)
    if sigint is signal.default_int_handler:
        handlers.append((signal.SIGINT, watchdog.interrupt))
    undo = [(number, signal.signal(number, handler)) for number, handler in handlers]
    watchdog.on, watchdog.hears = True, len(handlers) == 2 or sigint == signal.SIG_IGN
    signal.setitimer(signal.ITIMER_REAL, TICK_S, TICK_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in undo:
            signal.signal(number, handler)
        watchdog.on = watchdog.hears = False


@contextmanager
def attended() -> Iterator[None]:
    """Let a person step through the runs of the block: no limit of time, Ctrl-C is Python's own.

    Whoever watches this process is told, and sees none of these runs.
    """
    shared, pulse.cells = pulse.cells, [0] * CELLS
    before, shared[Cell.DOING] = shared[Cell.DOING], Doing.TALK
    handler, hears = signal.getsignal(signal.SIGINT), watchdog.hears
    watchdog.attended, watchdog.hears = True, False
    if watchdog.on:
        signal.setitimer(signal.ITIMER_REAL, 0)
        if handler == watchdog.interrupt:
            signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        if watchdog.on:
            signal.signal(signal.SIGINT, handler)
            signal.setitimer(signal.ITIMER_REAL, TICK_S, TICK_S)
        watchdog.attended, watchdog.hears = False, hears
        pulse.cells, shared[Cell.DOING] = shared, before


@contextmanager
def interruptible(wall_s: float) -> Iterator[Watchdog]:
    """Watch the runs of the block, and raise `KeyboardInterrupt` at its end if Ctrl-C was pressed.

    Python's own handler would raise it in the middle of trio's bookkeeping, or of ours.
    """
    with watching(wall_s) as watch:
        try:
            yield watch
        finally:
            if watch.heed():
                raise KeyboardInterrupt


def end_process() -> None:
    """End this process for a second Ctrl-C, whatever it is doing; who waits for it tells why."""
    os._exit(130)

"""The wall-clock limit of one event, and Ctrl-C: both end a run that does not reach an await."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.errors import Interrupted, Stuck
from raceexplore.kernel.events.trace import Site
from raceexplore.kernel.standing.walk import is_user_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

TICK_S = 0.25
STUCK = "has not reached an await"  # what the cut of a run says that this limit has ended


class Watchdog:
    """Looks in every quarter of a second; needs the main thread and SIGALRM to be effective.

    interrupted: Ctrl-C was pressed. loop: the running loop, or None between runs.
    """

    def __init__(self) -> None:
        self.interrupted = False
        self.loop: Any = None
        self.wall_s = 10.0
        self._mark: tuple[int, int] = (0, 0)
        self._ticks = 0

    def tick(self, signum: int, frame: FrameType | None) -> None:
        """Count how long the current event has lasted."""
        loop = self.loop
        if loop is None:
            return
        mark = (id(loop), loop.count_steps())
        if mark != self._mark:
            self._mark, self._ticks = mark, 0
        else:
            self._ticks += 1
        if self.interrupted:
            loop.abort(Interrupted())
            raise Interrupted
        if self._ticks * TICK_S >= self.wall_s:
            self._ticks = 0
            site = place(frame)
            loop.abort(f"{site} {STUCK} for {self.wall_s:g} s")
            raise Stuck(str(site))

    def interrupt(self, signum: int, frame: FrameType | None) -> None:
        """Remember Ctrl-C; the campaign stops before its next run, a long run at a tick."""
        self.interrupted = True


def place(frame: FrameType | None) -> Site:
    """Return the innermost line of the program that ``frame`` stands in."""
    last = Site("?", 0, "")
    while frame is not None:
        code = frame.f_code
        site = Site(code.co_filename, frame.f_lineno, code.co_qualname)
        if is_user_file(code.co_filename):
            return site
        last, frame = site, frame.f_back
    return last


watchdog = Watchdog()


@contextmanager
def watching(wall_s: float) -> Iterator[Watchdog]:
    """Watch the runs of the block.

    Does nothing outside the main thread, or where somebody else already uses SIGALRM.
    """
    mine = threading.current_thread() is threading.main_thread() and hasattr(signal, "SIGALRM")
    mine = mine and signal.getsignal(signal.SIGALRM) in (signal.SIG_DFL, None)
    watchdog.wall_s, watchdog.interrupted = wall_s, False
    if not mine:
        yield watchdog
        return
    handlers: list[tuple[int, Callable[..., Any]]] = [(signal.SIGALRM, watchdog.tick)]
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        handlers.append((signal.SIGINT, watchdog.interrupt))
    undo = [(number, signal.signal(number, handler)) for number, handler in handlers]
    signal.setitimer(signal.ITIMER_REAL, TICK_S, TICK_S)
    try:
        yield watchdog
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in undo:
            signal.signal(number, handler)


@contextmanager
def interruptible(wall_s: float) -> Iterator[Watchdog]:
    """Watch the runs of the block, and raise `KeyboardInterrupt` at its end if Ctrl-C was pressed.

    Python's own handler would raise it in the middle of trio's bookkeeping, or of ours.
    """
    with watching(wall_s) as watch:
        try:
            yield watch
        finally:
            if watch.interrupted:
                raise KeyboardInterrupt

"""A spare of the process of pytest, which tells of a test that ends that process, or its progress.

A test runs in the process that has its fixtures, and a fork would lose what it does to them. So
the fork only stands by. If the process dies in a run, or is stuck where no Python runs, the fork
explores the test once more, up to that run, tells its failure with its seed, and ends the session.
"""

from __future__ import annotations

import os
import select
import signal
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from raceexplore.kernel.fence.hostile import name_of, notes_of, text_of
from raceexplore.kernel.fence.pulse import (
    CELLS,
    IDLE,
    TICK_S,
    Cell,
    Death,
    Stillness,
    can_scout,
    pulse,
    shared_cells,
)
from raceexplore.kernel.fence.watchdog import watchdog
from raceexplore.pytest_plugin import waiter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

DONE = b"."  # what a spare is told when nobody needs it any more


@contextmanager
def spared(item: pytest.Item, again: Callable[[], object]) -> Iterator[None]:
    """Have a spare stand by in the block; ``again``: explores the test, or raises its failure."""
    here = threading.current_thread() is threading.main_thread()
    if pulse.supervised or pulse.spared or not (here and can_scout()):
        yield
        return
    private, pulse.cells, pulse.spared = pulse.cells, shared_cells(), True
    for cell in range(CELLS):
        pulse.cells[cell] = private[cell]
    waiter.exploring[0] = 1
    try:
        with _standing_by(_Spare(item, again, pulse.cells)):
            yield
    finally:
        waiter.exploring[0] = 0
        pulse.cells, pulse.spared = private, False


@contextmanager
def _standing_by(spare: _Spare) -> Iterator[None]:
    below, lifeline = os.pipe()
    try:
        child = os.fork()
    except OSError:  # no process to be had: then without
        child = -1
    if child == 0:
        os.close(lifeline)
        spare.wait(below)
    os.close(below)
    try:
        yield
    finally:
        if child > 0:
            os.write(lifeline, DONE)
            os.waitpid(child, 0)
        os.close(lifeline)


class _Spare:
    """A fork of this process, as it was before the test."""

    def __init__(self, item: pytest.Item, again: Callable[[], object], cells: Any) -> None:
        self._item, self._again, self._cells = item, again, cells
        self._parent, self._runs = os.getpid(), cells[Cell.RUN]
        self._is_timed = watchdog.on  # else nobody counts how long the process has been still

    def wait(self, lifeline: int) -> NoReturn:
        """Wait until nobody needs this process any more, or everybody does."""
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            if self._is_stuck(lifeline):
                self._stand_in("got stuck in code that is no Python")
                os.kill(self._parent, signal.SIGKILL)
            elif os.read(lifeline, 1) != DONE:
                self._stand_in("ended the process of pytest")
        finally:
            os._exit(0)

    def _is_stuck(self, lifeline: int) -> bool:
        """Wait until there is something to read; return True if the process is stuck before."""
        stillness, began = Stillness(), time.monotonic()
        while not select.select([lifeline], [], [], TICK_S)[0]:
            passed_s = 0.0 if _is_stopped(self._parent) else time.monotonic() - began
            if self._is_timed and stillness.too_long(self._cells, passed_s):
                return True
            began = time.monotonic()
        return False

    def _stand_in(self, what: str) -> None:
        """Explore the test again, and tell what happens in the run that the process was in."""
        number, doing = int(self._cells[Cell.RUN]), self._cells[Cell.DOING]
        told = [f"raceexplore: {self._item.nodeid} {what}, and so the session"]
        if doing not in IDLE:
            told += self._failure(number)
        capture: Any = self._item.config.pluginmanager.getplugin("capturemanager")
        if capture is not None:
            capture.suspend_global_capture(in_=True)
        os.write(2, "\n".join(["", *told, ""]).encode(errors="backslashreplace"))

    def _failure(self, number: int) -> list[str]:
        pulse.live([0] * CELLS, {number: Death("")})
        pulse.cells[Cell.RUN] = self._runs
        try:
            self._again()
        except BaseException as error:  # noqa: BLE001 it is what this process is there for
            return [f"{name_of(type(error))}: {text_of(error)}", *notes_of(error)]
        return [f"run {number} of this test did it, and did not do it again"]


def _is_stopped(process: int) -> bool:
    """Return whether somebody has stopped ``process``, a debugger or Ctrl-Z."""
    with suppress(OSError):
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
        return stat.rpartition(")")[2].split()[0] in "tT"
    return False

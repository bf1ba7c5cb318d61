"""Units of work: runs of a campaign that another process does, and what it tells of them.

Both are plain data: a unit names the runs and carries what the scheduler knows; of a run comes
back what counts, and no object of the program's.
"""

from __future__ import annotations

import gc
import os
import pickle
import threading
import time
from collections.abc import Callable
from contextvars import Context
from dataclasses import replace
from math import inf
from typing import Any, NamedTuple

from raceexplore.kernel.choice import Schedule
from raceexplore.kernel.errors import BadOption, RaceExploreError
from raceexplore.kernel.fence.guard import guarded
from raceexplore.kernel.fence.pulse import Cell, pulse
from raceexplore.kernel.fence.watchdog import STUCK, watching
from raceexplore.kernel.outcome import Run
from raceexplore.kernel.program import Limits, Program, Settings
from raceexplore.kernel.scheduler import ByIndex, Scheduler, Splits
from raceexplore.search.campaign.offered import NOTHING, Offered, Sight
from raceexplore.search.campaign.trial import Trial
from raceexplore.search.processes.blackbox import Recorded


class Setup(NamedTuple):
    """What the processes of a campaign need to know once.

    key: tells campaigns apart. program: makes the program again; None where each process is a
    fork of the one that has it. scheduler: makes the scheduler, as new.
    """

    key: tuple[int, int]
    program: Callable[[], Program] | None
    settings: Settings
    limits: Limits
    scheduler: Callable[[], Any]
    stops: bool


class Unit(NamedTuple):
    """Runs to do, in this order.

    turns: (index of the run, its turn: see `turn_of`). knowledge: what the scheduler knows,
    pickled; the same ``round`` knows the same. last_s: the time after which no run is begun.
    log: a file to write each decision to, for a run that may end its process.
    """

    turns: tuple[tuple[int, Any], ...]
    knowledge: bytes = b""
    round: int = 0
    last_s: float | None = None
    log: str = ""

    @property
    def first(self) -> int:
        """The index of its first run."""
        return self.turns[0][0]

    def split(self, alone: set[int]) -> list[Unit]:
        """Return this unit in parts, in order: each of the runs ``alone`` by itself."""
        parts: list[list[Any]] = [[]]
        for turn in self.turns:
            if turn[0] in alone:
                parts += [[turn], []]
            else:
                parts[-1].append(turn)
        return [self._replace(turns=tuple(part)) for part in parts if part]


class Told(NamedTuple):
    """What is told of a run.

    run: None for one that passed and showed nothing else. sight: what is seen of its trace class.
    lesson: what the scheduler can learn from it. error: the `RaceExploreError` that it was refused
    with, as its class's name and its text.
    """

    run: Run | None = None
    sight: Sight = NOTHING
    lesson: Any = None
    error: tuple[str, str] | None = None


class Report(NamedTuple):
    """What is told of a unit: its runs, less those that were not begun; and how long it took."""

    told: tuple[Told, ...]
    seconds: float


SWEPT_AFTER = 2_000  # runs
PLAIN = Told()  # of most runs there is no more to tell


def can_split(scheduler: Scheduler) -> bool:
    """Return whether another process can do a run of ``scheduler``, given its turn."""
    return isinstance(scheduler, ByIndex | Splits)


def turn_of(scheduler: Scheduler) -> Any:
    """Return the turn of the run that has just begun; None if it must be run where it began."""
    if isinstance(scheduler, Splits):
        return scheduler.turn()
    return scheduler.next_run - 1 if isinstance(scheduler, ByIndex) else None


def take(scheduler: Scheduler, turn: Any) -> None:
    """Begin the run of that turn."""
    if isinstance(scheduler, Splits):
        scheduler.take(turn)
    elif isinstance(scheduler, ByIndex):
        scheduler.next_run = turn
        scheduler.begin()


def tell(trial: Trial, index: int, offered: Offered) -> Told:
    """Do the run that the scheduler has begun; errors are told too."""
    try:
        run = trial.run(index, offered)
    except RaceExploreError as error:
        return Told(error=(type(error).__name__, str(error)))
    lesson = None if offered.learner is None else offered.learner.lesson(run)
    return Told(run, offered.sight(run), lesson)


def ends(told: Told, *, stops: bool) -> bool:
    """Return whether a run of which this is told is a campaign's last. stops: a failure is."""
    if told.error is not None:
        return True
    run = told.run
    if run is None:
        return False
    fails = run.failure is not None and not run.failure.is_minor
    return STUCK in run.cut or (stops and fails)


class _Opened:
    """A campaign, in a process that does runs of it."""

    def __init__(self, setup: Setup, program: Program) -> None:
        self.setup, self.scheduler = setup, setup.scheduler()
        self.trial = Trial(program, setup.settings, setup.limits)
        self.offered = Offered(self.scheduler)
        self.round = -1
        self._unswept = 0
        gc.collect()
        gc.freeze()

    def work(self, unit: Unit) -> Report:
        """Do the runs of ``unit`` up to the first that ends the campaign."""
        began = time.perf_counter()
        if unit.knowledge and unit.round != self.round:
            self.scheduler.knowledge = pickle.loads(unit.knowledge)  # noqa: S301 the driver's own
            self.round = unit.round
        told: list[Told] = []
        shorter = _Shorter()
        until_s = inf if unit.last_s is None else began + unit.last_s - time.time()
        with guarded(), watching(self.setup.limits.wall_s) as watch, watch.timed(until_s):
            for index, turn in unit.turns:
                pulse.cells[Cell.INDEX] = index
                if unit.last_s is not None and time.time() > unit.last_s:
                    break
                take(self.scheduler, turn)
                told.append(shorter.of(tell(self.trial, index, self._offered(unit.log))))
                if ends(told[-1], stops=self.setup.stops):
                    break
        self._sweep(len(told))
        return Report(tuple(told), time.perf_counter() - began)

    def _offered(self, log: str) -> Offered:
        """Return the scheduler; if there is a file ``log``, it writes there what it chooses."""
        return self.offered.behind(Recorded(self.scheduler, log)) if log else self.offered

    def _sweep(self, runs: int) -> None:
        """Collect what runs have left behind in cycles, once in a while.

        What was there before the first of them is frozen, and not looked at.
        """
        self._unswept += runs
        if self._unswept >= SWEPT_AFTER:
            self._unswept = 0
            gc.collect()


class _Shorter:
    """Leaves out what the unit has told already."""

    def __init__(self) -> None:
        self._failures: set[str] = set()
        self._sometimes: dict[str, bool] = {}
        self._warnings: set[str] = set()

    def of(self, told: Told) -> Told:
        """Return ``told`` as it is sent."""
        run, known = told.run, self._sometimes
        if run is None:
            return told
        held = {n: h for n, h in run.sometimes.items() if n not in known or h > known[n]}
        warnings = tuple(text for text in run.warnings if text not in self._warnings)
        known.update(held)
        self._warnings.update(warnings)
        if run.outcome == "passed" and not held and not warnings:
            return PLAIN if told[1:] == PLAIN[1:] else told._replace(run=None)
        run = replace(run, events=(), sometimes=held, warnings=warnings)
        if run.failure is not None and run.failure.fingerprint in self._failures:
            failure = replace(run.failure, details=(), waits=())
            run = replace(run, failure=failure, schedule=Schedule())  # one of them is enough
        elif run.failure is not None:
            self._failures.add(run.failure.fingerprint)
        return told._replace(run=run)


inherited: dict[tuple[int, int], Program] = {}  # the programs that a fork finds here
_opened: dict[tuple[int, int], _Opened] = {}
_one_at_a_time = threading.Lock()


def work(setup: Setup, unit: Unit) -> Report:
    """Do the runs of ``unit``, in a process of its own."""
    if setup.key in inherited and setup.key[0] == os.getpid():
        raise BadOption("the executor must do its work in other processes, not in this one")
    if threading.current_thread() is not threading.main_thread():
        # the variables of an engine that runs us in its thread are none of the program's
        return Context().run(_work, setup, unit)
    return _work(setup, unit)


def _work(setup: Setup, unit: Unit) -> Report:
    with _one_at_a_time:
        if setup.key not in _opened:
            _opened.clear()
            program = setup.program() if setup.program else inherited[setup.key]
            _opened[setup.key] = _Opened(setup, program)
        return _opened[setup.key].work(unit)

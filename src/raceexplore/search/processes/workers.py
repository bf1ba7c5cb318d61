"""The campaign in progress, with its runs in several processes: the same campaign, sooner.

The driver plans the runs in the order of their index, as far as they can be known; sends them out
in units; and counts and learns from what comes back in the order of the index again. So it does
not matter which process does a run, when, or how often.
"""

from __future__ import annotations

import os
import pickle
import signal
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from math import inf
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from raceexplore.kernel import errors
from raceexplore.kernel.fence.doom import ENDED
from raceexplore.kernel.fence.pulse import Cell, Doing, Stillness, pulse
from raceexplore.kernel.fence.watchdog import STUCK
from raceexplore.kernel.run import run_once
from raceexplore.kernel.scheduler import Replay
from raceexplore.kernel.seed import encode
from raceexplore.search.processes.blackbox import recorded
from raceexplore.search.processes.pools import close, pulses
from raceexplore.search.processes.units import Report, Setup, Told, Unit, ends, tell, turn_of, work

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from raceexplore.kernel.choice import Schedule
    from raceexplore.search.campaign.driver import Ends, Exploration
    from raceexplore.search.campaign.found import Stopped
    from raceexplore.search.processes.pools import Factory

UNIT_S = 0.2  # how long a unit should take
WORTH_S = 0.004  # a round that takes less is done here: sending it takes as long
LOOK_S = 0.1  # how often the driver looks at the clock and at Ctrl-C


class Crew:
    """Goes on with ``exploration``, in ``jobs`` processes that ``factory`` makes.

    run_s: what a run takes, roughly, in seconds.
    A process that dies takes its units with it: they are done again, one at a time, and one that
    kills its process again is halved until the run that does it is found.
    """

    def __init__(
        self, exploration: Exploration, setup: Setup, jobs: int, factory: Factory, *, run_s: float
    ) -> None:
        self.exploration, self.setup, self.jobs = exploration, setup, jobs
        self.scheduler: Any = exploration.scheduler
        self.offered = exploration.offered
        self.rounds = exploration.rounds
        self.tally = exploration.tally
        self._factory = factory
        self._executor: Executor | None = None
        self._planned = self.tally.runs  # the index of the run to plan next
        self._todo: list[tuple[int, Any]] = []  # planned, and not sent yet
        self._sent: dict[Future[Report], Unit] = {}
        self._again: deque[Unit] = deque()  # to be sent alone
        self._told: dict[int, Told] = {}  # by index; those before are counted
        self._horizon: int | None = None  # the first run known to end the campaign
        self._complete: int | None = None  # how many runs there are in all, if that is known
        self._run_s = run_s
        self._knowledge, self._known_until = b"", 0
        self._is_alone = False
        self._stillness: list[Stillness] = []

    def explore(self, limits: Ends) -> Stopped:
        """Run until something ends the campaign; return what."""
        try:
            while True:
                self._plan(limits)
                if (ended := self._count(limits)) is not None:
                    return ended
                if (ended := limits.now()) is not None:
                    return self._stop(ended, limits)
                self._send(limits)
                self._receive(LOOK_S)
        except KeyboardInterrupt:
            return self._stop("interrupted", limits)
        finally:
            if self._executor is not None:
                close(self._executor, idle=not self._sent)

    def _plan(self, limits: Ends) -> None:
        """Begin the runs that can be begun; do those that nobody else can do."""
        until = limits.budget
        if self.rounds.bars:
            until = min(until, self.rounds.until)
        here = self.rounds.bars and (until - self.tally.runs) * self._run_s < WORTH_S
        ahead = 2 * self.jobs * self._unit_size(until)
        while self._planned < until and len(self._todo) < ahead and not self._is_over():
            if limits.now() is not None:
                return
            if not self.scheduler.begin():
                if self._planned == self.tally.runs and not self.rounds.cut():
                    self._complete = self._planned
                return
            turn = None if here else turn_of(self.scheduler)
            if turn is None:
                if len(self._todo) * self._run_s > WORTH_S:
                    self._send(limits)  # they need not wait for this one
                self._note(self._planned, tell(self.tally.trial, self._planned, self.offered))
            else:
                self._todo.append((self._planned, turn))
            self._planned += 1

    def _is_over(self) -> bool:
        return self._horizon is not None or self._complete is not None

    def _unit_size(self, until: int) -> int:
        """Return how many runs to send at a time: fewer near the end, so that all end together."""
        left = until - self._planned + len(self._todo)
        return max(1, min(int(UNIT_S / self._run_s), left // (2 * self.jobs)))

    def _note(self, index: int, told: Told) -> None:
        """Keep what is told of a run until it is its turn to be counted."""
        self._told[index] = told
        last = ends(told, stops=self.setup.stops)
        if last and (self._horizon is None or index < self._horizon):
            self._horizon = index
            self._todo = [(i, turn) for i, turn in self._todo if i < index]
            self._recall(index)

    def _recall(self, last: int) -> None:
        """Take back what was sent and not begun, of the runs after ``last``."""
        for future, unit in list(self._sent.items()):
            if unit.first > last and future.cancel():
                del self._sent[future]

    def _count(self, limits: Ends) -> Stopped | None:
        """Count the runs that are known without a gap, in the order of their index."""
        tally = self.tally
        while (told := self._told.pop(tally.runs, None)) is not None:
            if told.error is not None:
                name, text = told.error
                raise getattr(errors, name, errors.RaceExploreError)(text)
            tally.add(tally.runs, told.run, told.sight)
            if self.rounds.learner is not None:
                self.rounds.add(told.lesson)
            if told.run is not None and (ended := limits.after(told.run)) is not None:
                return ended
        self.exploration.tell()
        if tally.runs == self._complete:
            return "complete"
        return "budget" if tally.runs == limits.budget else None

    def _stop(self, why: Stopped, limits: Ends) -> Stopped:
        """Count what there is, gaps or not: nothing that was found is lost."""
        if why == "time":  # what has begun is finished; nothing new is begun
            self._recall(-1)
            while self._sent and not limits.watch.interrupted:
                self._receive(LOOK_S)
            ended = self._count(limits)
            if ended is not None:
                return ended
        for index, told in sorted(self._told.items(), key=lambda item: item[0]):
            if told.error is None:
                self.tally.add(index, told.run, told.sight)
        return why

    def _send(self, limits: Ends) -> None:
        """Give the processes what they can do now."""
        if self._again:
            if not self._sent:
                self._is_alone = True
                self._submit(self._again.popleft())
            return
        self._is_alone = False
        until = min(limits.budget, self.rounds.until if self.rounds.bars else limits.budget)
        size, left = self._unit_size(until), limits.left_s()
        last_s = time.time() + left if left < inf else None
        while self._todo and len(self._sent) < 2 * self.jobs and not self._again:
            turns, self._todo = tuple(self._todo[:size]), self._todo[size:]
            self._submit(Unit(turns, self._known(), self.rounds.until, last_s))

    def _known(self) -> bytes:
        """Return what the scheduler knows in this round."""
        learner = self.rounds.learner
        if learner is None or not self.rounds.bars:
            return b""
        if not self._knowledge or self._known_until != self.rounds.until:
            self._known_until = self.rounds.until
            self._knowledge = pickle.dumps(learner.knowledge)
        return self._knowledge

    def _submit(self, unit: Unit) -> None:
        try:
            if self._executor is None:
                self._executor = self._factory()
                self._stillness = [Stillness() for _ in pulses(self._executor)]
            future = self._executor.submit(work, self.setup, unit)
        except BrokenExecutor:
            self._broken([unit])
        except (OSError, RuntimeError) as error:  # no process, no thread, no file for a pipe
            self._sent[Future()] = unit  # so that what there is of them is ended
            raise errors.NoProcesses(f"--jobs: there are no more processes: {error}") from None
        else:
            self._sent[future] = unit

    def _receive(self, seconds: float) -> None:
        """Wait until a unit is done; take what it tells."""
        if not self._sent:
            return
        self._end_stuck()
        done, _ = wait(self._sent, timeout=seconds, return_when=FIRST_COMPLETED)
        lost = []
        for future in sorted(done, key=lambda future: self._sent[future].first):
            unit = self._sent.pop(future)
            if future.cancelled():
                continue
            try:
                report = future.result()
            except BrokenExecutor:
                lost.append(unit)
            else:
                self._take(unit, report)
        if lost:
            self._broken(lost)

    def _end_stuck(self) -> None:
        """End the processes that do not move any more: they are stuck where no Python runs."""
        if self._executor is None:
            return
        for stillness, cells in zip(self._stillness, pulses(self._executor), strict=True):
            if stillness.too_long(cells, LOOK_S) and cells[Cell.PID]:
                os.kill(cells[Cell.PID], signal.SIGKILL)

    def _take(self, unit: Unit, report: Report) -> None:
        for (index, _), told in zip(unit.turns, report.told, strict=False):
            self._note(index, told)
        if self._horizon is None:  # out of time: by the clock of another machine, perhaps
            self._todo = [*unit.turns[len(report.told) :], *self._todo]
        if report.told:
            self._run_s += (report.seconds / len(report.told) - self._run_s) / 4

    def _broken(self, lost: list[Unit]) -> None:
        """Have done again what a process that has died took with it."""
        for future, unit in self._sent.items():
            if future.done() and not future.cancelled() and future.exception() is None:
                self._take(unit, future.result())
            else:
                lost.append(unit)
        self._sent.clear()
        running: set[int] = set()
        if self._executor is not None:
            cells = pulses(self._executor)
            running = {c[Cell.INDEX] for c in cells if c[Cell.DOING] != Doing.NOTHING}
            close(self._executor, idle=False)
            self._executor = None
        lost.sort(key=lambda unit: unit.first)
        if self._is_alone:
            lost = self._parted(lost[0], running)
        else:
            lost = [part for unit in lost for part in unit.split(running)]
        self._again.extendleft(reversed(lost))

    def _parted(self, unit: Unit, running: set[int]) -> list[Unit]:
        """Return what to do with a unit that has killed its process though it was alone."""
        parts = unit.split(running)
        if len(parts) > 1:
            return parts
        middle = len(unit.turns) // 2
        if middle:
            return [
                unit._replace(turns=unit.turns[:middle]),
                unit._replace(turns=unit.turns[middle:]),
            ]
        if not unit.log:
            log = Path(mkdtemp(prefix="raceexplore-")) / "decisions"
            return [unit._replace(log=str(log))]
        log = Path(unit.log)
        schedule = recorded(log)
        rmtree(log.parent, ignore_errors=True)
        self._note(unit.first, self._told_of(unit.first, schedule))
        return []

    def _told_of(self, index: int, schedule: Schedule) -> Told:
        """Return what is to be told of a run that ends its process: a scout does it first here."""
        trial = self.tally.trial
        pulse.beware()
        replay = Replay(schedule)
        run = run_once(
            trial.program, replay, limits=trial.limits, settings=trial.settings, record=True
        )
        if STUCK in run.cut or (run.failure is not None and run.failure.kind == ENDED):
            return Told(run)
        seed = encode(trial.program.name, trial.settings, schedule, "")
        text = f"run {index} kills the process that does it, each time; its schedule: {seed}"
        return Told(error=(errors.ProcessDied.__name__, text))

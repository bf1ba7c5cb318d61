"""A passing run close to one that fails: what to compare a failure of the default schedule with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from raceexplore.kernel.run import run_once
from raceexplore.kernel.scheduler import Replay
from raceexplore.toolbox.by_name import by_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.kernel.choice import Schedule
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Limits
    from raceexplore.kernel.scheduler import Scheduler

FEWEST, DRAWN = 120, 60  # runs: those with the fewest preemptions, and drawn ones
THINNED = 60  # runs to make the schedule smaller
EVENTS = 100_000  # of all of them together


class Passing(NamedTuple):
    """What was found. schedule: of the passing run; None if none passed.

    every: there are so many schedules and no more, all of which fail; left_out: what was not
    varied in them. runs: what it took.
    """

    schedule: Schedule | None
    runs: int
    every: int = 0
    left_out: str = ""


def nearest_passing(failing: Run, limits: Limits) -> Passing:
    """Look for a passing schedule with few deviations, for a ``failing`` default schedule."""
    return _Search(failing, limits).search()


class _Search:
    def __init__(self, failing: Run, limits: Limits) -> None:
        self._failing, self._limits = failing, limits
        self._runs = self._events = 0

    def search(self) -> Passing:
        fewest: Any = by_name("icb")
        every, left_out = 0, ""
        for _ in range(FEWEST):
            if not fewest.begin():
                every, left_out = self._runs, fewest.covered.partition(", ")[2]
                if not left_out:
                    return Passing(None, self._runs, every)
                break
            run = self._once(fewest)
            fewest.end(run)
            if run.outcome == "passed":
                return Passing(self._thinned(run.schedule), self._runs)
            if self._events > EVENTS:
                return Passing(None, self._runs)
        for run in self._drawn():
            if run.outcome == "passed":
                return Passing(self._thinned(run.schedule), self._runs)
        return Passing(None, self._runs, every, left_out)

    def _drawn(self) -> Iterator[Run]:
        scheduler = by_name("random", entropy=self._failing.settings.entropy)
        for _ in range(DRAWN):
            if self._events > EVENTS:
                return
            scheduler.begin()
            run = self._once(scheduler)
            scheduler.end(run)
            yield run

    def _thinned(self, schedule: Schedule) -> Schedule:
        """Return ``schedule`` less the deviations without which it passes, too."""
        index, runs = schedule.size - 1, 0
        while index >= 0 and runs < THINNED and self._events <= EVENTS:
            fewer, runs = schedule.without(index), runs + 1
            replay = Replay(fewer)
            replay.begin()
            if self._once(replay).outcome == "passed":
                schedule = fewer
            index -= 1
        return schedule

    def _once(self, scheduler: Scheduler) -> Run:
        settings = self._failing.settings
        run = run_once(self._failing.program, scheduler, limits=self._limits, settings=settings)
        self._runs += 1
        self._events += run.steps
        return run

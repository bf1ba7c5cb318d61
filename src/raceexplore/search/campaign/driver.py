"""The campaign in progress: one run after the other, in this process."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from raceexplore.kernel.fence.pulse import pulse
from raceexplore.kernel.fence.watchdog import STUCK
from raceexplore.search.campaign.offered import Offered
from raceexplore.search.campaign.rounds import Rounds

if TYPE_CHECKING:
    from raceexplore.kernel.fence.watchdog import Watchdog
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.scheduler import Scheduler
    from raceexplore.search.campaign.found import Stopped
    from raceexplore.search.campaign.tally import Tally

Progress = Callable[[int, int], None]


class Ends(NamedTuple):
    """What ends a campaign: the budget, a failure if ``stops``, the time, or Ctrl-C."""

    budget: int
    stops: bool
    left_s: Callable[[], float]
    watch: Watchdog

    def now(self) -> Stopped | None:
        """Return why no run is to begin any more."""
        if self.watch.interrupted:
            return "interrupted"
        if pulse.is_catching_up():  # what an earlier process has found is to be found again
            return None
        return "time" if self.left_s() <= 0 else None

    def after(self, run: Run) -> Stopped | None:
        """Return whether ``run`` ends the campaign, and why."""
        if run.failure is not None and self.stops and not run.failure.is_minor:
            return "failure"
        # the next run would most likely spend as many seconds in the same place
        return "stuck" if STUCK in run.cut else None


class Exploration:
    """A campaign in progress."""

    def __init__(self, scheduler: Scheduler, tally: Tally, progress: Progress | None) -> None:
        self.scheduler, self.tally, self.offered = scheduler, tally, Offered(scheduler)
        self.trial, self.rounds, self.progress = tally.trial, Rounds(scheduler), progress

    def explore(self, ends: Ends, leave: Callable[[], bool] = lambda: False) -> Stopped | None:
        """Run until something ends the campaign; return what: None once ``leave()`` says so."""
        try:
            return self._explore(ends, leave)
        except KeyboardInterrupt:  # also while the scheduler learns: what was found is kept
            return "interrupted"

    def _explore(self, ends: Ends, leave: Callable[[], bool]) -> Stopped | None:
        tally = self.tally
        while tally.runs < ends.budget:
            if (ended := ends.now()) is not None:
                return ended
            if leave():
                return None
            if not (self.scheduler.begin() or (self.rounds.cut() and self.scheduler.begin())):
                return "complete"
            run = self.trial.run(tally.runs, self.offered)
            tally.add(tally.runs, run, self.offered.sight(run))
            self.rounds.end(run)
            self.tell()
            if (ended := ends.after(run)) is not None:
                return ended
        return "budget"

    def tell(self) -> None:
        """Tell how far the campaign is."""
        if self.progress is not None:
            self.progress(self.tally.runs, len(self.tally.first))

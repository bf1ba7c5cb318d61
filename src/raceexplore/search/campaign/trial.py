"""One run of a campaign: what all of its runs have in common, and how each is run."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from raceexplore.kernel.run import run_once
from raceexplore.kernel.scheduler import Replay
from raceexplore.search.campaign import selfcheck
from raceexplore.search.observed.observed_run import observed_run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Limits, Program, Settings
    from raceexplore.kernel.scheduler import Scheduler


@contextmanager
def frozen() -> Iterator[None]:
    """Keep what there is out of collections: they would look at all that is imported, each time."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@dataclass(frozen=True, slots=True)
class Trial:
    """What all runs of a campaign have in common.

    shows: what a failing run reads and writes is collected for its report. packages: installed
    ones that are then observed too.
    before: the state that was there before the first run, in words.
    """

    program: Program
    settings: Settings
    limits: Limits
    shows: bool = True
    packages: tuple[str, ...] = ()
    before: Mapping[str, str] = field(default_factory=dict)

    def run(self, index: int, scheduler: Scheduler) -> Run:
        """Run once, observed if ``scheduler`` asks for it; some runs twice, to compare them."""
        if getattr(scheduler, "observes", False):
            run = observed_run(self.program, scheduler, limits=self.limits, settings=self.settings)
            if index == 0 and run.outcome != "cut":
                self.again(run, stir=True)  # the first run is always checked, as it was written
            return run
        checked = selfcheck.is_due(index)
        run = run_once(
            self.program,
            scheduler,
            limits=self.limits,
            settings=self.settings,
            record=checked,
        )
        if checked and run.outcome != "cut":
            selfcheck.check(run, self.limits, stir=index == 0, before=self.before)
        return run

    def again(self, run: Run, *, stir: bool = False) -> Run:
        """Replay ``run`` with its events; it must end again, in the same way.

        stir: replay it more often; see `selfcheck.check`.
        """
        again = run_once(
            self.program,
            Replay(run.schedule),
            limits=self.limits,
            settings=self.settings,
            record=True,
        )
        selfcheck.same_end(run, again, self.limits, self.before)
        selfcheck.check(again, self.limits, stir=stir, before=self.before)
        return again

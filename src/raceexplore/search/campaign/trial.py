"""One run of a campaign: what all of its runs have in common, and how each is run."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from raceexplore.kernel.choice import Schedule
from raceexplore.kernel.errors import NotDeterministic
from raceexplore.kernel.run import run_once
from raceexplore.kernel.scheduler import Replay
from raceexplore.search.campaign import selfcheck
from raceexplore.search.campaign.left_behind import left_behind
from raceexplore.search.campaign.suspects import NOTHING_BEFORE, Before
from raceexplore.search.observed.observed_run import observed_run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Limits, Program, Settings
    from raceexplore.kernel.scheduler import Scheduler
    from raceexplore.search.campaign.offered import Offered


@contextmanager
def frozen() -> Iterator[None]:
    """Keep what there is out of collections: they would look at all that is imported, each time."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


UNLIKE = (
    "the program does something else when it is observed (it holds objects weakly?); it was run"
    " without observation"
)


@dataclass(frozen=True, slots=True)
class Trial:
    """What all runs of a campaign have in common.

    shows: what a failing run reads and writes is collected for its report. packages: installed
    ones that are then observed too.
    before: what was there before the first run. unlike: why the program is not observed after all,
    once that has shown itself. settled: the first schedule, and what it left behind in modules;
    empty where another process has made the first run.
    """

    program: Program
    settings: Settings
    limits: Limits
    shows: bool = True
    packages: tuple[str, ...] = ()
    before: Before = NOTHING_BEFORE
    unlike: list[str] = field(default_factory=list)
    settled: list[tuple[Schedule, dict[str, str]]] = field(default_factory=list)

    def run(self, index: int, offered: Offered) -> Run:
        """Run once, observed if the scheduler asks for it; some runs twice, to compare them."""
        run = self._checked(index, offered)
        if index == 0 and run.outcome != "cut":
            self.settled.append((run.schedule, self._state()))
        return run

    def _state(self) -> dict[str, str]:
        return left_behind(self.program, self.before.loaded)

    def outliving(self) -> str:
        """Return what the first run, made again, leaves otherwise than it did; empty if nothing.

        Such state outlives the runs: each begins with what the others have left.
        """
        schedule, state = self.settled[0] if self.settled else (Schedule(), self._after(Schedule()))
        changed = Before(state, ()).changed(self._after(schedule))
        return f"state outlives a run: {', '.join(changed[:3])}" if changed else ""

    def _after(self, schedule: Schedule) -> dict[str, str]:
        """Return what a run with that schedule leaves behind in modules."""
        run_once(self.program, Replay(schedule), limits=self.limits, settings=self.settings)
        return self._state()

    def _checked(self, index: int, offered: Offered) -> Run:
        scheduler = offered.chooser
        if offered.observes:
            run = self._observed(scheduler)
            # the first run is always checked, as it was written
            return self._compared(run) if index == 0 and run.outcome != "cut" else run
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

    def _observed(self, scheduler: Scheduler) -> Run:
        program = replace(self.program, observed=None) if self.unlike else self.program
        return observed_run(program, scheduler, limits=self.limits, settings=self.settings)

    def _compared(self, run: Run) -> Run:
        """Return the observed ``run`` if the program as it was written does the same.

        Observation keeps objects alive until the run ends, so that what the program holds weakly
        may stay. If that is what tells them apart, and the program repeats itself, nothing is
        observed from now on. A program that names no weak reference is refused, as it varies.
        """
        try:
            self.again(run, stir=True)
        except NotDeterministic:
            source = self.program.source
            if source is None or b"weakref" not in source.read_bytes():
                raise
            replay = Replay(run.schedule)
            self.unlike.append(UNLIKE)
            plain = self._observed(replay)
            self.again(plain, stir=True)  # raises if it is the program that varies
            return replace(plain, warnings=(*plain.warnings, UNLIKE))
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

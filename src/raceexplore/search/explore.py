"""explore: run a program under many schedules until the budget ends or a failure is found."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING, Any, Literal

from raceexplore.kernel.errors import BadOption
from raceexplore.kernel.guard import guarded
from raceexplore.kernel.order import trace_key
from raceexplore.kernel.program import Limits, Settings, as_program
from raceexplore.kernel.run import run_once
from raceexplore.kernel.scheduler import Replay
from raceexplore.kernel.watchdog import watching
from raceexplore.search import selfcheck
from raceexplore.search.campaign import Campaign, Found, Stopped
from raceexplore.search.names import by_name
from raceexplore.search.observation import observed_run
from raceexplore.search.shrink import Shrinking

if TYPE_CHECKING:
    from collections.abc import Callable

    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Program
    from raceexplore.kernel.scheduler import Scheduler

DEFAULT = "random"
PASSES_TRIED = 200


def explore(
    program: Program | Callable[..., Any],
    *,
    scheduler: str | Scheduler = DEFAULT,
    budget: int = 10_000,
    entropy: int = 0,
    stop: Literal["first", "never"] = "first",
    time_limit_s: float | None = None,
    settings: Settings | None = None,
    limits: Limits = Limits(),  # noqa: B008 a frozen value
    shrink: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Campaign:
    """Run ``program`` under up to ``budget`` schedules and return what was found.

    entropy: the number every random draw follows; the same number gives the same campaign.
    stop: ``first`` ends at the first failure. time_limit_s: seconds after which no run is begun.
    progress: called after each run with the runs done and the distinct failures.
    Raises `RaceExploreError` for wrong options, a program that is not deterministic or that
    leaves the controlled world.
    """
    _check(budget, stop)
    chooser = by_name(scheduler, entropy=entropy) if isinstance(scheduler, str) else scheduler
    settings = settings or Settings(entropy=entropy)
    exploration = _Exploration(as_program(program), chooser, settings, limits, progress)
    began = time.perf_counter()
    until = None if time_limit_s is None else began + time_limit_s
    with guarded(), watching(limits.wall_s) as watch:
        gc.freeze()  # once: a full collection would look at everything imported, again and again
        try:
            stopped = exploration.explore(budget, stop, lambda: _over(until), watch)
            found = exploration.found(shrink=shrink and stopped != "interrupted")
        finally:
            gc.unfreeze()
    return Campaign(
        program=exploration.program,
        scheduler=scheduler if isinstance(scheduler, str) else type(scheduler).__name__.lower(),
        entropy=entropy,
        runs=exploration.runs,
        cut=exploration.cut,
        failures=found,
        complete=stopped == "complete",
        stopped="interrupted" if watch.interrupted else stopped,
        seconds=time.perf_counter() - began,
        classes=len(exploration.classes) or None,
        never=exploration.never(),
        warnings=tuple(exploration.warnings),
    )


def _check(budget: int, stop: str) -> None:
    if budget < 1:
        raise BadOption(f"the budget must be at least 1 run, not {budget}")
    if stop not in ("first", "never"):
        raise BadOption(f"stop is 'first' or 'never', not {stop!r}")


def _over(until: float | None) -> bool:
    return until is not None and time.perf_counter() >= until


class _Exploration:
    """The campaign in progress."""

    def __init__(
        self,
        program: Program,
        scheduler: Scheduler,
        settings: Settings,
        limits: Limits,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self.program, self.scheduler = program, scheduler
        self.settings, self.limits, self.progress = settings, limits, progress
        self.runs = self.cut = 0
        self.first: dict[str, tuple[int, Run]] = {}
        self.count: dict[str, int] = {}
        self.classes: dict[int, int] = {}
        self.sometimes: dict[str, bool] = {}
        self.warnings: dict[str, None] = {}

    def explore(self, budget: int, stop: str, over: Callable[[], bool], watch: Any) -> Stopped:
        """Run until something ends the campaign; return what."""
        while self.runs < budget:
            if watch.interrupted:
                return "interrupted"
            if over():
                return "time"
            if not self.scheduler.begin():
                return "complete"
            try:
                run = self.run()
            except KeyboardInterrupt:
                return "interrupted"
            self.learn(run)
            self.scheduler.end(run)
            if self.progress is not None:
                self.progress(self.runs, len(self.first))
            if run.failure is not None and stop == "first":
                return "failure"
        return "budget"

    def run(self) -> Run:
        """Run once; the first run and every twentieth after it twice, to compare them."""
        checked = self.runs % selfcheck.EVERY == 0
        if getattr(self.scheduler, "observes", False):
            run = observed_run(
                self.program, self.scheduler, limits=self.limits, settings=self.settings
            )
            key = trace_key(run.events)
            self.classes[key] = self.classes.get(key, 0) + 1
            return run
        run = run_once(
            self.program,
            self.scheduler,
            limits=self.limits,
            settings=self.settings,
            record=checked,
        )
        if checked and run.outcome != "cut":
            selfcheck.check(run, self.limits)
        return run

    def learn(self, run: Run) -> None:
        """Count ``run``."""
        index = self.runs
        self.runs += 1
        self.cut += run.outcome == "cut"
        if run.cut:
            self.warnings[f"a run was cut: {run.cut}"] = None
        for text in run.warnings:
            self.warnings[text] = None
        for name, held in run.sometimes.items():
            self.sometimes[name] = self.sometimes.get(name, False) or held
        if run.failure is not None:
            key = run.failure.fingerprint
            self.first.setdefault(key, (index, run))
            self.count[key] = self.count.get(key, 0) + 1

    def never(self) -> tuple[str, ...]:
        """Return the names of `World.sometimes` conditions that held in no run."""
        return tuple(sorted(name for name, held in self.sometimes.items() if not held))

    def found(self, *, shrink: bool) -> tuple[Found, ...]:
        """Return the failures in the order of discovery, shrunk if wanted."""
        return tuple(self._found(key, shrink=shrink) for key in self.first)

    def _found(self, key: str, *, shrink: bool) -> Found:
        index, original = self.first[key]
        shrunk = Shrinking(original, 2_000 if shrink else 0, self.limits).shrink()
        run = self._again(shrunk.run)
        assert run.failure is not None
        return Found(
            fingerprint=key,
            kind=run.failure.kind,
            message=run.failure.message,
            first_run=index,
            count=self.count[key],
            run=run,
            original=original,
            one_minimal=shrunk.one_minimal,
            shrink_runs=shrunk.runs,
            in_passes=bool(run.passes) or self._in_passes(key),
        )

    def _again(self, run: Run) -> Run:
        again = run_once(
            self.program,
            Replay(run.schedule),
            limits=self.limits,
            settings=self.settings,
            record=True,
        )
        selfcheck.check(again, self.limits)
        return again

    def _in_passes(self, key: str) -> bool:
        """Return whether a quick search finds the same failure in the order of passes."""
        settings = Settings("strict", "passes", self.settings.fair_after, self.settings.entropy)
        if self.settings.time == "elastic":
            return False
        scheduler = by_name("random", entropy=self.settings.entropy)
        for _ in range(PASSES_TRIED):
            scheduler.begin()
            run = run_once(self.program, scheduler, limits=self.limits, settings=settings)
            if run.failure is not None and run.failure.fingerprint == key:
                return True
        return False

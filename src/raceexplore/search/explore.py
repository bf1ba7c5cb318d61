"""explore: run a program under many schedules until the budget ends or a failure is found."""

from __future__ import annotations

import gc
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from raceexplore.kernel.errors import BadOption
from raceexplore.kernel.guard import guarded
from raceexplore.kernel.order import trace_key
from raceexplore.kernel.program import Limits, Settings, as_program
from raceexplore.kernel.run import run_once
from raceexplore.kernel.scheduler import Replay
from raceexplore.kernel.watchdog import STUCK, watching
from raceexplore.search import selfcheck
from raceexplore.search.campaign import Campaign, Found, Stopped
from raceexplore.search.certificate import certificate, classes_seen, unseen
from raceexplore.search.names import by_name
from raceexplore.search.observation import observed_run
from raceexplore.search.shrink import Shrinking
from raceexplore.search.values import with_values
from raceexplore.search.why import why

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Program
    from raceexplore.kernel.scheduler import Scheduler
    from raceexplore.kernel.watchdog import Watchdog

DEFAULT = "portfolio"
PASSES_TRIED, PASSES_STEPS = 200, 1_000_000
SHRINK_RUNS, SHRINK_STEPS = 2_000, 10_000_000


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
    on_found: Callable[[Found], None] | None = None,
) -> Campaign:
    """Run ``program`` under up to ``budget`` schedules and return what was found.

    entropy: the number every random draw follows; the same number gives the same campaign.
    stop: ``first`` ends at the first failure. time_limit_s: seconds after which no run is begun.
    progress: called after each run with the runs done and the distinct failures. on_found: called
    at the first sight of each failure, before it is shrunk.
    Raises `RaceExploreError` for wrong options, a program that is not deterministic or that
    leaves the controlled world.
    """
    _check(budget, stop, time_limit_s)
    chooser = by_name(scheduler, entropy=entropy) if isinstance(scheduler, str) else scheduler
    settings = settings or Settings(entropy=entropy)
    exploration = _Exploration(as_program(program), chooser, settings, limits, progress)
    exploration.on_found = on_found
    began = time.perf_counter()
    until = None if time_limit_s is None else began + time_limit_s
    with guarded(), _frozen(), watching(limits.wall_s) as watch:
        stopped = exploration.explore(budget, stop, lambda: _over(until), watch)
        found = exploration.found(watch, shrink=shrink)
    return Campaign(
        program=exploration.program,
        scheduler=scheduler if isinstance(scheduler, str) else type(scheduler).__name__.lower(),
        entropy=entropy,
        runs=exploration.runs,
        cut=exploration.cut,
        failures=found,
        complete=stopped == "complete",
        covered=str(getattr(chooser, "covered", "")) if stopped == "complete" else "",
        stopped="interrupted" if watch.interrupted else stopped,
        seconds=time.perf_counter() - began,
        classes=len(exploration.classes) or None,
        unseen=None if stopped == "complete" else unseen(exploration.classes),
        certificate=_certificate(exploration, complete=stopped == "complete"),
        never=exploration.never(),
        warnings=tuple(exploration.warnings),
    )


def _certificate(exploration: _Exploration, *, complete: bool) -> tuple[str, ...]:
    failed = bool(exploration.first)
    known = certificate(exploration.scheduler, complete=complete, failed=failed)
    told = "" if complete else classes_seen(exploration.classes)
    return (*known, told) if told else known


@contextmanager
def _frozen() -> Iterator[None]:
    gc.freeze()  # once: a full collection would look at everything imported, again and again
    try:
        yield
    finally:
        gc.unfreeze()


def _check(budget: int, stop: str, time_limit_s: float | None) -> None:
    if budget < 1:
        raise BadOption(f"the budget must be at least 1 run, not {budget}")
    if stop not in ("first", "never"):
        raise BadOption(f"stop is 'first' or 'never', not {stop!r}")
    if time_limit_s is not None and time_limit_s <= 0:
        raise BadOption(f"the time limit must be more than 0 s, not {time_limit_s:g}")


def _over(until: float | None) -> bool:
    return until is not None and time.perf_counter() >= until


def shrink_budget(run: Run) -> int:
    """Return how many runs may be spent on shrinking ``run``: fewer of long ones."""
    return min(SHRINK_RUNS, max(50, SHRINK_STEPS // max(1, run.steps)))


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
        self.on_found: Callable[[Found], None] | None = None
        self.first: dict[str, Found] = {}  # as found, not shrunk
        self.count: dict[str, int] = {}
        self.classes: dict[int, int] = {}
        self.sometimes: dict[str, bool] = {}
        self.warnings: dict[str, None] = {}

    def explore(self, budget: int, stop: str, over: Callable[[], bool], watch: Watchdog) -> Stopped:
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
                self.learn(run)
            except KeyboardInterrupt:
                return "interrupted"
            self.scheduler.end(run)
            if self.progress is not None:
                self.progress(self.runs, len(self.first))
            ended = self.ended(run, stop)
            if ended is not None:
                return ended
        return "budget"

    @staticmethod
    def ended(run: Run, stop: str) -> Stopped | None:
        """Return whether ``run`` ends the campaign, and why."""
        if run.failure is not None and stop == "first":
            return "failure"
        # the next run would most likely spend as many seconds in the same place
        return "stuck" if STUCK in run.cut else None

    def run(self) -> Run:
        """Run once; some runs twice, to compare them."""
        checked = selfcheck.is_due(self.runs)
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
            selfcheck.check(run, self.limits, stir=self.runs == 0)
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
            self.count[key] = self.count.get(key, 0) + 1
            if key not in self.first:
                self.first[key] = self._seen(index, run)
                if self.on_found is not None:
                    self.on_found(self.first[key])

    def never(self) -> tuple[str, ...]:
        """Return the names of `World.sometimes` conditions that held in no run."""
        return tuple(sorted(name for name, held in self.sometimes.items() if not held))

    def _seen(self, index: int, run: Run) -> Found:
        """Return a failure as it was found."""
        assert run.failure is not None
        again = run if run.events and run.program is self.program else self._again(run)
        return Found(
            fingerprint=run.failure.fingerprint,
            kind=run.failure.kind,
            message=run.failure.message,
            first_run=index,
            count=1,
            run=again,
            original=again,
            in_passes=bool(again.passes),
        )

    def found(self, watch: Watchdog, *, shrink: bool) -> tuple[Found, ...]:
        """Return the failures in the order of discovery, shrunk if wanted and not interrupted."""
        out = []
        for key, seen in self.first.items():
            found = replace(seen, count=self.count[key])
            if shrink and not watch.interrupted:
                try:
                    found = self._shrunk(found, watch)
                    found = replace(found, why=why(found.run, self.limits))
                except KeyboardInterrupt:
                    watch.interrupted = True
            out.append(found)
        return tuple(out)

    def _shrunk(self, found: Found, watch: Watchdog) -> Found:
        shrunk = Shrinking(found.original, shrink_budget(found.original), self.limits).shrink()
        same = shrunk.run.schedule == found.original.schedule
        run = found.original if same else self._again(shrunk.run)
        run = with_values(run, self.limits)
        assert run.failure is not None
        return replace(
            found,
            message=run.failure.message,
            run=run,
            one_minimal=shrunk.one_minimal,
            fewest=shrunk.fewest,
            shrink_runs=shrunk.runs,
            in_passes=bool(run.passes) or self._in_passes(found.fingerprint, watch),
        )

    def _again(self, run: Run) -> Run:
        """Replay the failing ``run`` with its events; it must fail again, in the same way."""
        again = run_once(
            self.program,
            Replay(run.schedule),
            limits=self.limits,
            settings=self.settings,
            record=True,
        )
        selfcheck.same_end(run, again)
        selfcheck.check(again, self.limits)
        return again

    def _in_passes(self, key: str, watch: Watchdog) -> bool:
        """Return whether a quick search finds the same failure in the order of passes."""
        if self.settings.time == "elastic":
            return False
        settings = replace(self.settings, order="passes")
        scheduler = by_name("random", entropy=self.settings.entropy)
        steps = 0
        for _ in range(PASSES_TRIED):
            if watch.interrupted or steps > PASSES_STEPS:
                return False
            scheduler.begin()
            run = run_once(self.program, scheduler, limits=self.limits, settings=settings)
            steps += run.steps
            if run.failure is not None and run.failure.fingerprint == key:
                return True
        return False

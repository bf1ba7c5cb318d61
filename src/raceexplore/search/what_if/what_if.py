"""What if a span of code were atomic: the smallest one that makes a failure disappear."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.choice import TIMES
from raceexplore.kernel.errors import BadOption
from raceexplore.kernel.fence.guard import guarded
from raceexplore.kernel.fence.watchdog import watchdog, watching
from raceexplore.kernel.outcome import headline
from raceexplore.kernel.run import run_once
from raceexplore.kernel.scheduler import Replay
from raceexplore.search.shrink.count_schedules import Size
from raceexplore.search.what_if.candidates import candidates, is_cut, sections, trails_of
from raceexplore.search.what_if.gate import Atomically, Gate
from raceexplore.search.what_if.nearby import Nearby
from raceexplore.search.what_if.patched_code import Workshop, in_place
from raceexplore.search.what_if.rivals import rivals
from raceexplore.toolbox.by_name import by_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from raceexplore.kernel.fence.watchdog import Watchdog
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Limits
    from raceexplore.kernel.scheduler import Scheduler
    from raceexplore.search.what_if.paths_to_accesses import Trail
    from raceexplore.search.what_if.statements import Span

SAMPLED, EXACT = 200, 600  # runs against what may be the answer: drawn ones, and one by one
SAMPLED_MIN = 20
DISTURBED = 60  # runs in which those who wait for the section go on in other orders
FEW = 64  # schedules that the default one foresees: all are run at once, and none is drawn
SAMPLED_EVENTS, EXACT_EVENTS = 30_000, 50_000  # of longer runs there are fewer
EVENTS = 100_000  # of all runs; a trial that has begun is done before the search is given up
STEPS_MAX = 5_000  # of the failing run
WAITING = ("deadlock", "livelock", "waits for ever", "leaked task")
NOT_FOUND = "the functions of the loaded program were not found"
FAR = ("random", "urw")  # what draws schedules that have nothing to do with the failing one


@dataclass(frozen=True, slots=True)
class Trial:
    """What became of a failure when ``spans`` were made one critical section.

    cured: none of ``runs`` failed; if ``others`` tells of another failure than the one asked about,
    none failed as that did. every: there are that many schedules and no more, and all were run;
    ``left_out`` says what was not varied. without: (failing, runs) drawn in the same way with no
    section. why: what still goes wrong. rivals: other lines that touch what ``spans`` do, so that
    a lock has to be around them, too.
    """

    spans: tuple[Span, ...]
    cured: bool
    runs: int
    every: int = 0
    left_out: str = ""
    without: tuple[int, int] = (0, 0)
    why: str = ""
    others: str = ""
    rivals: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Atomicity:
    """The answer for one failure.

    cure: the trial of the smallest section that makes it disappear; None if none of those tried
    does. tried: how many were. gave_up: there were more, but the runs were spent, or Ctrl-C was
    pressed. refused: why the question could not be answered, in words.
    """

    cure: Trial | None
    tried: int
    gave_up: bool = False
    refused: str = ""


def atomicity(run: Run, limits: Limits) -> Atomicity | None:
    """Return the smallest section that makes the failure of ``run`` disappear.

    None where it is not asked: see `can_ask`. Raises nothing that a report could not do without:
    Ctrl-C ends the search, and whoever heeds it next learns of it.
    """
    if not can_ask(run):
        return None
    what_if = WhatIf(run, limits)
    try:
        with watching(limits.wall_s) as watch:
            return what_if.smallest(watch)
    except KeyboardInterrupt:
        watchdog.interrupted = True
        return Atomicity(None, what_if.tried, gave_up=True)
    except Exception as error:  # noqa: BLE001 the failure counts more than what would cure it
        return Atomicity(None, what_if.tried, refused=f"{type(error).__name__}: {error}")


def can_ask(run: Run) -> bool:
    """Return whether `WhatIf` has an answer for ``run``.

    The program has to be observed, the run is no longer than `STEPS_MAX` events, and not kept in
    trio's own order of passes, in which no task can go on before all others.
    """
    observed = run.program.observed is not None
    return observed and run.settings.order == "any" and run.steps <= STEPS_MAX


class WhatIf:
    """Runs the program of one failing run with sections of it made atomic."""

    def __init__(self, run: Run, limits: Limits) -> None:
        self.run = run
        # a section can make tasks wait for ever; that need not be looked at for long
        self.limits = replace(limits, steps=min(limits.steps, 20 * run.steps + 1_000))
        self.workshop = Workshop()
        self.events = self.tried = 0
        self.every_failure, self.others = True, ""

    @cached_property
    def trails(self) -> list[Trail]:
        """What the tasks of the failing run touched, and of runs close to it."""
        with guarded():
            return trails_of(self.run, self.limits)

    def smallest(self, watch: Watchdog) -> Atomicity:
        """Try sections, the smallest first, until one cures all; else what was asked about."""
        found, refused, partly = candidates(self.trails, self.workshop), "", []
        for spans in sections(found):
            if self.events > EVENTS or watch.interrupted:
                return Atomicity(None, self.tried, gave_up=True)
            trial = self.trial(spans)
            if trial.cured:
                return Atomicity(trial, self.tried + 1)
            if trial.runs:
                self.tried += 1
            else:
                refused = trial.why
            if trial.others:
                partly.append(spans)
        for spans in partly:
            if self.events > EVENTS or watch.interrupted:
                return Atomicity(None, self.tried, gave_up=True)
            trial = self.trial(spans, every_failure=False)
            if trial.cured:
                return Atomicity(trial, self.tried)
        return Atomicity(None, self.tried, gave_up=is_cut(found), refused=refused)

    def span_at(self, file: str, first: int, last: int) -> Span:
        """Return the shortest span with these lines of ``file``; raises `BadOption`."""
        named = self.workshop.loaded(file)
        span = self.workshop.source(named).at((first, last)) if named else None
        if span is None:
            there = "no async function has" if named else "the program has no code in"
            raise BadOption(f"--atomic: {there} {file}:{first}-{last}")
        return span

    def trial(self, spans: tuple[Span, ...], *, every_failure: bool = True) -> Trial:
        """Make ``spans`` one critical section, and look for any failure.

        every_failure: if not, those that are not the one asked about do not count, but for tasks
        that wait for ever, which a section can make.
        """
        self.every_failure, self.others = every_failure, ""
        twins = self.workshop.twins(spans)
        if not twins:
            return Trial(spans, cured=False, runs=0, why=NOT_FOUND)
        gate = Gate()
        with guarded(), in_place(twins, gate):
            trial, sampled = self._tried(Trial(spans, cured=True, runs=0), gate)
        trial = replace(trial, others=self.others)
        if not trial.cured:
            return trial
        without = (0, 0) if trial.every else self._without(sampled)
        return replace(trial, without=without, rivals=rivals(spans, self.trails))

    def _tried(self, trial: Trial, gate: Gate) -> tuple[Trial, int]:
        """Return what became of the failure, and how many schedules were drawn for it.

        Where there are few schedules they are all run: what is drawn could only suggest what that
        proves.
        """
        size = Size()
        samples = self._samples(gate, size)
        trial, sampled = self._sampled(trial, gate, islice(samples, 2)), 2
        few = size.foreseen <= FEW
        if trial.cured and few:
            trial = self._disturbed(self._enumerated(trial, gate), gate)
        if trial.cured and not trial.every:
            before = trial.runs
            trial = self._sampled(trial, gate, islice(samples, SAMPLED - 2))
            sampled += trial.runs - before
            trial = trial if few or not trial.cured else self._enumerated(trial, gate)
        return trial, sampled

    def _sampled(self, trial: Trial, gate: Gate, samples: Iterable[Scheduler]) -> Trial:
        """Run ``samples``; the first two are the failing schedule and the default one."""
        last = self.events + SAMPLED_EVENTS
        for runs, scheduler in enumerate(samples, start=trial.runs + 1):
            run = self._once(scheduler)
            why = self._wrong(run)
            if runs == 2 and gate.given_up:
                why = "a task gives up waiting for it"
            if why:
                return replace(trial, cured=False, runs=runs, why=why)
            trial = replace(trial, runs=runs)
            if runs >= SAMPLED_MIN and self.events > last:
                break
        return trial

    def _disturbed(self, trial: Trial, gate: Gate) -> Trial:
        """Run the schedules with the fewest preemptions where taking and releasing are points, too.

        Who has to wait for the section may change what follows.
        """
        inner: Any = by_name("icb")
        scheduler = Atomically(inner, gate, yields=True)
        for _ in range(DISTURBED if trial.cured and trial.every else 0):
            if not scheduler.begin():
                break
            why = self._wrong(self._once(scheduler, begun=True))
            if why:
                return replace(trial, cured=False, runs=trial.runs + 1, why=why)
        return trial

    def _enumerated(self, trial: Trial, gate: Gate) -> Trial:
        """Run every schedule, if they are few, the fairest first."""
        inner: Any = by_name("icb")
        scheduler = Atomically(inner, gate)
        last = self.events + EXACT_EVENTS
        for every in range(EXACT):
            runs = trial.runs + every
            if self.events > last:
                return replace(trial, runs=runs)
            if not scheduler.begin():
                return self._proved(replace(trial, runs=runs), every, inner.covered)
            run = self._once(scheduler, begun=True)
            if run.steps >= self.limits.steps:
                return replace(trial, runs=runs)  # a polling loop has schedules without an end
            why = self._wrong(run)
            if why:
                return replace(trial, cured=False, runs=runs + 1, why=why)
        return replace(trial, runs=trial.runs + EXACT)

    def _proved(self, trial: Trial, every: int, covered: str) -> Trial:
        left_out = covered.partition(", ")[2]
        if left_out and any(d.kind in TIMES for d in self.run.schedule.deviations):
            return trial  # nothing is proved where what it takes to fail is left out
        return replace(trial, every=every, left_out=left_out)

    def _without(self, count: int) -> tuple[int, int]:
        """Return how many of the first ``count`` samples fail without a section, and ``count``."""
        with guarded():
            runs = [self._once(scheduler) for scheduler in islice(self._samples(Gate()), count)]
        failed = [run for run in runs if run.failure is not None]
        return len(failed if self.every_failure else list(filter(self._is_same, failed))), count

    def _samples(self, gate: Gate, default: Scheduler | None = None) -> Iterator[Scheduler]:
        """Yield schedulers to begin a run with; taking and releasing are schedule points too.

        Not so in the first two runs: of the failing schedule, and of the ``default`` one.
        """
        schedule = self.run.schedule
        yield Atomically(Replay(schedule), gate)
        yield Atomically(Replay() if default is None else default, gate)
        near: Scheduler = Nearby(schedule, gate)
        mixed = [part for name in FAR for part in (near, by_name(name))]
        yield from cycle([Atomically(part, gate, yields=True) for part in mixed])

    def _once(self, scheduler: Scheduler, *, begun: bool = False) -> Run:
        if not begun:
            scheduler.begin()
        settings = self.run.settings
        run = run_once(self.run.program, scheduler, limits=self.limits, settings=settings)
        scheduler.end(run)
        self.events += run.steps
        return run

    def _is_same(self, run: Run) -> bool:
        asked, failure = self.run.failure, run.failure
        assert asked is not None
        assert failure is not None
        return failure.fingerprint == asked.fingerprint or failure.kind in WAITING

    def _wrong(self, run: Run) -> str:
        """Return what is wrong with ``run``; empty if it passed, or if that does not count."""
        if run.failure is None:
            return run.cut
        told = headline(run.failure.kind, run.failure.message)
        if self._is_same(run):
            return told
        self.others = self.others or told
        return told if self.every_failure else ""

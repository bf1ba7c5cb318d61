"""What the runs of a campaign have shown so far; at its end, each failure shrunk."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from raceexplore.kernel.fence.doom import ENDED
from raceexplore.kernel.fence.pulse import pulse
from raceexplore.kernel.fence.watchdog import STUCK
from raceexplore.kernel.run import run_once
from raceexplore.kernel.started import started
from raceexplore.search.campaign.found import Found
from raceexplore.search.campaign.in_sight import in_sight
from raceexplore.search.campaign.task_order import tasks
from raceexplore.search.observed.with_values import with_values
from raceexplore.search.shrink.shrink import Shrinking
from raceexplore.search.why.why import why
from raceexplore.toolbox.by_name import by_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from raceexplore.kernel.fence.watchdog import Watchdog
    from raceexplore.kernel.outcome import Run
    from raceexplore.search.campaign.offered import Sight
    from raceexplore.search.campaign.trial import Trial

PASSES_TRIED, PASSES_STEPS = 200, 1_000_000
SHRINK_RUNS, SHRINK_STEPS = 2_000, 10_000_000


def shrink_budget(run: Run) -> int:
    """Return how many runs may be spent on shrinking ``run``: fewer of long ones."""
    return min(SHRINK_RUNS, max(50, SHRINK_STEPS // max(1, run.steps)))


class Tally:
    """Counts runs, in the order of their index.

    runs: counted; cut: of these, ended by a limit. first: each failure as it was found, and
    count: how often, by fingerprint. classes: those of the observed runs; drawn: how often each was
    seen in those of them that were drawn. relative: what any claim that rests on them is relative
    to. is_vacuous: no run so far met a choice. stuck: the first run that did not reach an await.
    warnings: in the order of their first sight. on_found: called at each failure's first sight.
    """

    def __init__(self, trial: Trial, on_found: Callable[[Found], None] | None = None) -> None:
        self.trial, self.on_found = trial, on_found
        self.runs = self.cut = self.explain_runs = 0
        self.first: dict[str, Found] = {}
        self.count: dict[str, int] = {}
        self.classes: set[int] = set()
        self.drawn: dict[int, int] = {}
        self.relative: dict[str, None] = {}
        self.is_vacuous = True
        self.warnings: dict[str, None] = {}
        self.stuck: Run | None = None
        self._sometimes: dict[str, bool] = {}

    def add(self, index: int, run: Run | None, sight: Sight) -> None:
        """Count the run of that index; sight: what is seen of its trace class.

        None: it passed, and showed nothing that an earlier one has not shown.
        """
        self.runs += 1
        if sight.key is not None:
            self.classes.add(sight.key)
            self.relative.update(dict.fromkeys(sight.relative))
        if sight.key is not None and sight.is_drawn:
            self.drawn[sight.key] = self.drawn.get(sight.key, 0) + 1
        if run is None:
            return
        self.is_vacuous = self.is_vacuous and not run.met_choice
        self.cut += run.outcome == "cut"
        self.stuck = self.stuck or (run if STUCK in run.cut else None)
        if run.cut:
            self.warnings[f"a run was cut: {run.cut}"] = None
        for text in run.warnings:
            self.warnings[text] = None
        for name, held in run.sometimes.items():
            self._sometimes[name] = self._sometimes.get(name, False) or held
        if run.failure is not None:
            fingerprint = run.failure.fingerprint
            self.count[fingerprint] = self.count.get(fingerprint, 0) + 1
            if fingerprint not in self.first:
                self.first[fingerprint] = self._seen(index, run)
                if self.on_found is not None:
                    self.on_found(self.first[fingerprint])

    def never(self) -> tuple[str, ...]:
        """Return the names of `World.sometimes` conditions that held in no run."""
        return tuple(sorted(name for name, held in self._sometimes.items() if not held))

    def _seen(self, index: int, run: Run) -> Found:
        """Return a failure as it was found."""
        assert run.failure is not None
        plain = run.events and run.program is self.trial.program
        again = run if plain else self.trial.again(run)
        return Found(
            fingerprint=run.failure.fingerprint,
            kind=run.failure.kind,
            message=run.failure.message,
            first_run=index,
            count=1,
            run=again,
            original=again,
            in_passes=again.passes or None,
            tasks=tasks(again, self.trial.limits),
        )

    def found(self, watch: Watchdog, *, shrink: bool, explain: bool = True) -> tuple[Found, ...]:
        """Return the failures in the order of discovery, shrunk if wanted and not interrupted.

        explain: find out why they fail, too. What that takes is counted in ``explain_runs``.
        """
        before, out = started.runs, []
        for key, seen in self.first.items():
            found = replace(seen, count=self.count[key])
            if seen.kind == ENDED:
                pulse.beware(10 * SHRINK_RUNS)  # all that is left are runs like it
            out.append(self._told(found, watch, explain=explain) if shrink else found)
        self.explain_runs = started.runs - before
        return tuple(out)

    def _told(self, found: Found, watch: Watchdog, *, explain: bool) -> Found:
        """Return ``found`` shrunk and explained, as far as nobody presses Ctrl-C."""
        try:
            if not watch.interrupted:
                found = self._shrunk(found)
            if explain and not watch.interrupted:
                found = self._explained(found, watch)
        except KeyboardInterrupt:
            watch.interrupted = True
        return found

    def _explained(self, found: Found, watch: Watchdog) -> Found:
        """Return ``found`` with why it fails, and whether trio's own loop can produce it."""
        in_passes = bool(found.run.passes) or self._in_passes(found.fingerprint, watch)
        return replace(found, why=why(found.run, self.trial.limits), in_passes=in_passes)

    def _shrunk(self, found: Found) -> Found:
        limits = self.trial.limits
        shrunk = Shrinking(found.original, shrink_budget(found.original), limits).shrink()
        same = shrunk.run.schedule == found.original.schedule
        run = found.original if same else self.trial.again(shrunk.run)
        if self.trial.shows:
            program = in_sight(
                run.program,
                run.schedule,
                settings=run.settings,
                limits=limits,
                packages=self.trial.packages,
            )
            run = with_values(replace(run, program=program), limits)
        assert run.failure is not None
        return replace(
            found,
            message=run.failure.message,
            run=run,
            one_minimal=shrunk.one_minimal,
            fewest=shrunk.fewest,
            shrink_runs=shrunk.runs,
            in_passes=run.passes or None,
        )

    def _in_passes(self, key: str, watch: Watchdog) -> bool:
        """Return whether a quick search finds the same failure in the order of passes."""
        program, settings, limits = self.trial.program, self.trial.settings, self.trial.limits
        if settings.time == "elastic":
            return False
        scheduler = by_name("random", entropy=settings.entropy)
        settings = replace(settings, order="passes")
        steps = 0
        for _ in range(PASSES_TRIED):
            if watch.interrupted or steps > PASSES_STEPS:
                return False
            scheduler.begin()
            run = run_once(program, scheduler, limits=limits, settings=settings)
            steps += run.steps
            if run.failure is not None and run.failure.fingerprint == key:
                return True
        return False

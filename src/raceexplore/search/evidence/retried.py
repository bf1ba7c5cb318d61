"""Failing schedules of one program, tried on another: exactly, aligned, and guided by orders."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from raceexplore.kernel.outcome import headline
from raceexplore.kernel.run import run_once
from raceexplore.kernel.scheduler import Replay
from raceexplore.kernel.seed import decode
from raceexplore.search.campaign.found import Found
from raceexplore.search.campaign.task_order import tasks
from raceexplore.search.corpus.entry import entry_of
from raceexplore.search.corpus.levels import ALIGNED, EXACT, GUIDED, attempts, is_same
from raceexplore.search.shrink.shrink import Shrinking
from raceexplore.search.why.guide import Guide
from raceexplore.search.why.why import why

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Limits, Program
    from raceexplore.search.corpus.entry import Entry

LEVELS = (EXACT, ALIGNED, GUIDED)
GUIDED_MAX = 30  # seeds that are also tried by their orders: each takes some dozen observed runs
SHRINK_RUNS = 400


@dataclass(frozen=True, slots=True)
class Survivor:
    """A run of the second program that fails where it was to pass.

    level: what held on to the schedule of the first one, or ``drawn`` for a paired run, or
    ``attempted`` for a run that was made to keep the failing orders.
    """

    level: str
    headline: str
    seed: str
    time: str = "strict"


@dataclass(frozen=True, slots=True)
class Retried:
    """What became of the failing schedules of one program on another one.

    seeds: how many there were. tried: by level, how many were tried at it. survivors: what failed.
    """

    seeds: int
    tried: Mapping[str, int]
    survivors: tuple[Survivor, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """One bug of the first program: its failing runs, the shrunk one, and the orders that suffice.

    found: the first of its failures, shrunk and explained. refusal: why no orders suffice, else
    empty.
    """

    found: Found
    runs: tuple[Run, ...]

    @property
    def guide(self) -> Guide:
        """The orders that suffice; empty where none do."""
        return self.found.why.orders.guide if self.found.why else Guide()

    @property
    def refusal(self) -> str:
        """Why no orders suffice; empty if some do."""
        if self.guide.constraints:
            return ""
        told = self.found.why.orders.refusal if self.found.why else ""
        return told or "it could not be explained"

    @property
    def always(self) -> bool:
        """Whether the first program fails in whatever order, as far as was looked."""
        return self.found.why is not None and self.found.why.orders.always


def known_bugs(failing: Sequence[Run], limits: Limits) -> list[Known]:
    """Return the bugs behind ``failing``, each shrunk and explained once, in order."""
    by_fingerprint: dict[str, list[Run]] = {}
    for run in failing:
        assert run.failure is not None
        by_fingerprint.setdefault(run.failure.fingerprint, []).append(run)
    return [Known(_explained(runs, limits), tuple(runs)) for runs in by_fingerprint.values()]


def _explained(runs: Sequence[Run], limits: Limits) -> Found:
    small = Shrinking(runs[0], SHRINK_RUNS, limits).shrink().run
    shrunk = _recorded(small, limits)
    failure = shrunk.failure
    assert failure is not None
    return Found(
        failure.fingerprint,
        failure.kind,
        failure.message,
        0,
        len(runs),
        shrunk,
        runs[0],
        why=why(shrunk, limits),
        tasks=tasks(shrunk, limits),
    )


def _recorded(run: Run, limits: Limits) -> Run:
    return run_once(
        run.program, Replay(run.schedule), limits=limits, settings=run.settings, record=True
    )


def retried(
    bugs: Sequence[Known], after: Program, limits: Limits, *, only_exact: bool = False
) -> Retried:
    """Try every failing run of ``bugs`` on ``after``: exactly, then aligned and guided.

    The first failure is the last one that is looked for. only_exact: it is known to fail already.
    """
    tried: Counter[str] = Counter()
    survivors: list[Survivor] = []
    runs = [run for bug in bugs for run in bug.runs]
    for run in runs:
        again = run_once(after, Replay(run.schedule), limits=limits, settings=run.settings)
        tried[EXACT] += 1
        survivors += survivor(EXACT, again)
    left = GUIDED_MAX
    for bug in bugs:
        for run in bug.runs:
            if survivors or only_exact:
                break
            left -= 1
            survivors += _followed(_entry(bug, run, limits, guided=left >= 0), after, tried, limits)
    return Retried(len(runs), dict(tried), tuple(survivors))


def survivor(level: str, run: Run) -> list[Survivor]:
    """Return what ``run`` shows if it has failed."""
    if run.failure is None or run.outcome == "cut":
        return []
    told = headline(run.failure.kind, run.failure.message)
    return [Survivor(level, told, run.seed, run.settings.time)]


def _entry(bug: Known, run: Run, limits: Limits, *, guided: bool) -> Entry:
    """Return ``run`` as the corpus would keep it, with the orders of its bug and its own draws."""
    entry = entry_of(replace(bug.found, run=_recorded(run, limits)), "", limits)
    draws = tuple(d for d in run.schedule.deviations if d.kind != "task")
    guide = replace(bug.guide, draws=draws) if guided and bug.guide.constraints else Guide()
    return replace(entry, orders=guide.as_plain())


def _followed(entry: Entry, after: Program, tried: Counter[str], limits: Limits) -> list[Survivor]:
    """Return what fails where ``entry`` is followed on ``after``, aligned and guided."""
    levels: set[str] = set()
    found: list[Survivor] = []
    for attempt in attempts(after, decode(entry.seed), entry, limits):
        if attempt.level == EXACT:
            continue
        levels.add(attempt.level)
        # in elastic time whatever has a time-out may fail: only the same failure counts
        if attempt.run.settings.time == "strict" or is_same(entry, attempt.run):
            found += survivor(attempt.level, attempt.run)
        if found:
            break
    tried.update(levels)
    return found

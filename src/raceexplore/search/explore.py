"""explore: run a program under many schedules until the budget ends or a failure is found."""

from __future__ import annotations

import copy
import time
from math import inf
from typing import TYPE_CHECKING, Any, Literal

from raceexplore.kernel.errors import BadOption, NoProcesses
from raceexplore.kernel.fence.guard import guarded
from raceexplore.kernel.fence.watchdog import watching
from raceexplore.kernel.program import Limits, Settings, as_program
from raceexplore.kernel.scheduler import Aims, Claims, Completes
from raceexplore.search.campaign.certificate import certificate, classes_seen, unseen
from raceexplore.search.campaign.driver import Ends, Exploration
from raceexplore.search.campaign.found import Campaign
from raceexplore.search.campaign.suspects import before_runs
from raceexplore.search.campaign.tally import Tally
from raceexplore.search.campaign.trial import Trial, frozen
from raceexplore.search.processes.jobs import explored
from raceexplore.search.programs.project import check_observable
from raceexplore.toolbox.by_name import by_name
from raceexplore.toolbox.relative import UNCHECKED

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor

    from raceexplore.kernel.program import Program
    from raceexplore.kernel.scheduler import Scheduler
    from raceexplore.search.campaign.found import Found, Stopped

    Observe = bool | Sequence[str]  # whether, or the installed packages to look into too

DEFAULT = "portfolio"
UNFIT = "interrupted", "stuck"  # ends after which the program is not run again for its own sake


def explore(
    program: Program | Callable[..., Any],
    *,
    scheduler: str | Scheduler = DEFAULT,
    budget: int = 10_000,
    entropy: int = 0,
    stop: Literal["first", "never"] = "first",
    time_limit_s: float | None = None,
    jobs: int | Literal["auto"] = 1,
    executor: Callable[[], Executor] | None = None,
    observe: Observe = True,
    settings: Settings | None = None,
    limits: Limits = Limits(),  # noqa: B008 a frozen value
    shrink: bool = True,
    explain: bool = True,
    progress: Callable[[int, int], None] | None = None,
    on_found: Callable[[Found], None] | None = None,
) -> Campaign:
    """Run ``program`` under up to ``budget`` schedules and return what was found.

    entropy: the number every random draw follows; the same number gives the same campaign.
    stop: ``first`` ends at the first failure. time_limit_s: seconds after which no run is begun.
    progress: called after each run with the counts of runs and failures. on_found: called at the
    first sight of each failure. shrink, explain: make it small, and find out why it fails;
    `Campaign.explain_runs` counts what that takes. jobs: processes (``auto``: one a processor); the
    campaign is equal for any number. executor: makes what they are asked through, in place of local
    ones. observe: tell what tasks read and wrote, also in the installed packages that it names.
    Raises `RaceExploreError` for wrong options, a program that is not deterministic or not fenced.
    """
    _check(budget, stop, time_limit_s)
    chooser = by_name(scheduler, entropy=entropy) if isinstance(scheduler, str) else scheduler
    trial = _trial(as_program(program), settings or Settings(entropy=entropy), limits, observe)
    until = (began := time.perf_counter()) + (inf if time_limit_s is None else time_limit_s)
    with guarded(), frozen(), watching(limits.wall_s) as watch, watch.timed(until):
        ends = Ends(budget, stop == "first", lambda: until - time.perf_counter(), watch)
        begun = Exploration(chooser, Tally(trial, on_found), progress)
        exploration, stopped = _explored(begun, ends, jobs, executor)
        watch.until_s = inf
        exploration.rounds.close()
        outliving = "" if stopped in UNFIT else exploration.tally.trial.outliving()
        found = exploration.tally.found(watch, shrink=shrink, explain=explain)
    return _campaign(
        exploration,
        scheduler=scheduler if isinstance(scheduler, str) else type(chooser).__name__.lower(),
        entropy=entropy,
        failures=found,
        stopped="interrupted" if watch.heed() else stopped,
        outliving=outliving,
        seconds=time.perf_counter() - began,
    )


def _trial(program: Program, settings: Settings, limits: Limits, observe: Observe) -> Trial:
    """Return what the runs have in common. Raises `BadOption` for what cannot be observed."""
    return Trial(
        program,
        settings,
        limits,
        shows=observe is not False,
        packages=() if isinstance(observe, bool) else check_observable(observe),
        before=before_runs(program),
    )


def _explored(
    begun: Exploration, ends: Ends, jobs: int | str, executor: Callable[[], Executor] | None
) -> tuple[Exploration, Stopped]:
    """Explore; where there are no processes, do the same in this one, from the start."""
    spare = copy.deepcopy(begun.scheduler) if jobs != 1 else begun.scheduler
    try:
        return begun, explored(begun, ends, jobs, executor)
    except NoProcesses as error:
        tally = Tally(begun.trial, begun.tally.on_found)
        tally.warnings[f"{error}; one process did it all"] = None
        alone = Exploration(spare, tally, begun.progress)
        return alone, explored(alone, ends, 1, None)


def _shortfall(chooser: Scheduler, doubt: str, *, complete: bool) -> str:
    """Return why a campaign that was to prove something has not; empty if it was not to."""
    return (doubt or chooser.shortfall(complete=complete)) if isinstance(chooser, Aims) else ""


def _campaign(explored: Exploration, *, stopped: Stopped, outliving: str, **more: Any) -> Campaign:
    """Return the campaign that has been explored; more: what it does not know itself.

    outliving: what makes the runs depend on one another; empty if nothing.
    """
    tally, chooser = explored.tally, explored.scheduler
    claims = chooser if isinstance(chooser, Claims) else None
    doubt = f"no proof: {outliving}" if outliving else claims.doubt if claims else ""
    warnings = list(tally.warnings)
    if outliving:
        warnings.append(f"{outliving}; runs depend on those before them: make it anew in each run")
    if not __debug__:
        warnings.append(UNCHECKED)
    if stopped == "complete" and doubt:
        stopped = "doubt"
    complete = stopped == "complete"
    relative = tuple(dict.fromkeys((*(claims.relative if claims else ()), *tally.relative)))
    unclear = bool(outliving or tally.cut)
    known = certificate(chooser, doubtful=unclear, failed=bool(tally.first))
    told = "" if complete else classes_seen(tally.drawn, relative)
    return Campaign(
        program=tally.trial.program,
        runs=tally.runs,
        cut=tally.cut,
        complete=complete,
        stopped=stopped,
        covered=chooser.covered if complete and isinstance(chooser, Completes) else "",
        classes=len(tally.classes) or None,
        unseen=None if complete else unseen(tally.drawn),
        certificate=(*known, told) if told else known,
        relative=relative if tally.classes else (),
        shortfall=_shortfall(chooser, doubt, complete=complete),
        is_vacuous=tally.is_vacuous,
        never=tally.never(),
        warnings=tuple(warnings),
        explain_runs=tally.explain_runs,
        stuck=tally.stuck,
        **more,
    )


def _check(budget: int, stop: str, time_limit_s: float | None) -> None:
    if budget < 1:
        raise BadOption(f"the budget must be at least 1 run, not {budget}")
    if stop not in ("first", "never"):
        raise BadOption(f"stop is 'first' or 'never', not {stop!r}")
    if time_limit_s is not None and time_limit_s in {inf, -inf}:
        raise BadOption("the time limit must be finite")
    if time_limit_s is not None and not time_limit_s > 0:  # nor is nan
        raise BadOption(f"the time limit must be more than 0 s, not {time_limit_s:g}")

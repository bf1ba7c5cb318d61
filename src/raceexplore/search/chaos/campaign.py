"""Many runs under one plan: what each fault has met, which probes failed, and the score."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.errors import BadOption
from raceexplore.search.chaos.runs import LIMITS, ChaosRun, chaos_run
from raceexplore.search.evidence.intervals import Interval, mean_interval
from raceexplore.sim.chaos import ChaosPlan, Moments, Ruling, Times

if TYPE_CHECKING:
    from raceexplore.kernel.program import Limits, Program

SCORE_MAX = 100.0
PATIENCE = 3  # times the runs: to strike at instants as often as by event


@dataclass(frozen=True, slots=True)
class ChaosCampaign:
    """Runs of one program under one plan, in order."""

    plan: ChaosPlan
    runs: tuple[ChaosRun, ...]
    entropy: int

    @property
    def ruling(self) -> Ruling:
        """FAIL if a run failed; PASS if each fault struck in some run, and none was inconclusive.

        A fault that is drawn for each run may miss some of them; one that has missed all has shown
        nothing, and neither has a campaign in which half of the runs have shown nothing.
        """
        rulings = [each.ruling for each in self.runs]
        if Ruling.FAIL in rulings:
            return Ruling.FAIL
        if self.never_struck or 2 * rulings.count(Ruling.PASS) < len(rulings):
            return Ruling.INCONCLUSIVE
        return Ruling.PASS

    @property
    def never_struck(self) -> tuple[str, ...]:
        """The faults of the plan that struck in no run."""
        struck = {f.name for each in self.runs for f in each.report.faults if f.took_effect}
        return tuple(fault.name for fault in self.plan.faults if fault.name not in struck)

    @property
    def failed(self) -> tuple[ChaosRun, ...]:
        """The runs that failed."""
        return tuple(each for each in self.runs if each.ruling is Ruling.FAIL)

    @property
    def strikes(self) -> int:
        """How many strikes there were in all."""
        return sum(len(fault.strikes) for each in self.runs for fault in each.report.faults)

    @property
    def score(self) -> float:
        """The mean of the runs' resilience scores."""
        return sum(each.report.score for each in self.runs) / len(self.runs)

    @property
    def score_interval(self) -> Interval:
        """Where the mean resilience score lies with 95 %, over runs like these."""
        scores = [each.report.score for each in self.runs]
        return mean_interval(scores, SCORE_MAX, self.entropy)

    def fault_score(self, name: str) -> tuple[float, Interval]:
        """Return the mean success of the fault ``name``, from 0 to 100, with its interval."""
        successes = [f.success for each in self.runs for f in each.report.faults if f.name == name]
        mean = sum(successes) / len(successes)
        return mean, mean_interval(successes, SCORE_MAX, self.entropy)

    def reached(self, windows: Sequence[str]) -> dict[str, int]:
        """Return how many strikes have met somebody in each of ``windows``, parts of names."""
        found: Counter[str] = Counter(dict.fromkeys(windows, 0))
        for each in self.runs:
            for strike in (s for fault in each.report.faults for s in fault.strikes):
                met = [w for w in windows if any(w in span for span in strike.amidst)]
                found.update(met)
        return dict(found)


def campaign(
    program: Program | Callable[..., Any],
    plan: ChaosPlan,
    *,
    runs: int = 20,
    entropy: int = 0,
    limits: Limits = LIMITS,
    progress: Callable[[int, int], None] | None = None,
) -> ChaosCampaign:
    """Do ``runs`` runs under the plan. progress: told of the runs done and of the failures."""
    if runs < 1:
        raise BadOption(f"runs must be at least 1, not {runs}")
    done: list[ChaosRun] = []
    failed = 0
    for number in range(runs):
        done.append(chaos_run(program, plan, number, entropy=entropy, limits=limits))
        failed += done[-1].ruling is Ruling.FAIL
        if progress is not None:
            progress(number + 1, failed)
    return ChaosCampaign(plan, tuple(done), entropy)


def by_time(
    program: Program | Callable[..., Any], done: ChaosCampaign, *, limits: Limits = LIMITS
) -> ChaosCampaign:
    """Do runs with strikes at drawn instants, in place of those by event, until as many struck.

    The instants are uniform over the length of a run that no fault disturbs. Raises `BadOption` if
    nothing is placed by event.
    """
    if not windows(done.plan):
        raise BadOption("no fault of the plan is placed by event: there is nothing to compare")
    quiet = replace(done.plan, faults=())
    undisturbed = chaos_run(program, quiet, entropy=done.entropy, limits=limits)
    within_s = undisturbed.run.virtual_s - undisturbed.report.began_s
    plan = _at_instants(done.plan, max(within_s, 0.001))
    wanted = done.strikes
    runs: list[ChaosRun] = []
    count = 0
    while count < wanted and len(runs) < PATIENCE * len(done.runs):
        runs.append(chaos_run(program, plan, len(runs), entropy=done.entropy, limits=limits))
        count += sum(len(fault.strikes) for fault in runs[-1].report.faults)
    return ChaosCampaign(plan, tuple(runs), done.entropy)


def _at_instants(plan: ChaosPlan, within_s: float) -> ChaosPlan:
    faults = [
        replace(fault, placing=Times(0.0, within_s, within_s, anywhere=True, count=placed.strikes))
        if isinstance(placed := fault.placing, Moments)
        else fault
        for fault in plan.faults
    ]
    return replace(plan, faults=tuple(faults))


def windows(plan: ChaosPlan) -> tuple[str, ...]:
    """Return what the plan's strikes by event are placed in."""
    placed = [fault.placing for fault in plan.faults]
    named = [name for each in placed if isinstance(each, Moments) for name in each.during]
    return tuple(dict.fromkeys(named))

"""Rank the boundaries of a system by behavioural volatility, each with its reasons.

Two parts. The prior needs no run: what the architecture says. The measured part perturbs one
boundary at a time, and looks at how differently the program ends, and how often it fails.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.errors import BadOption
from raceexplore.kernel.fence.guard import guarded
from raceexplore.kernel.fence.watchdog import watching
from raceexplore.kernel.program import Limits, Settings, as_program
from raceexplore.search.campaign.trial import frozen
from raceexplore.search.evidence.intervals import bound, percent
from raceexplore.search.predict.architecture import Mode
from raceexplore.search.predict.measured import Leads, Measured, measured
from raceexplore.search.predict.observed import architecture_of, first_runs
from raceexplore.search.predict.prior import Prior, prior

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from raceexplore.kernel.program import Program
    from raceexplore.search.predict.architecture import Architecture, Incident

BUDGET = 400
LEAST = 20  # runs for each boundary, however many there are
BOUNDARIES_MAX = 20  # that are measured; those of the lowest prior are not


@dataclass(frozen=True, slots=True)
class Ranked:
    """One boundary.

    volatility: what it is ranked by: the share of failures under its own perturbation, and half
    the entropy of its endings (of what so many runs could show); both count half where no task
    reads what another has left there, so that nobody acts on it. To that, half of the prior (as a
    share that nears 1). services: who calls it. measured: None without runs.
    """

    boundary: str
    volatility: float
    services: tuple[str, ...]
    prior: Prior
    measured: Measured | None = None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it stands where it does, the measured ones first."""
        seen = self.measured
        if seen is None:
            return self.prior.reasons
        if seen.failed:
            rate, interval = percent(seen.failed / seen.runs), seen.interval
            told = f"{seen.failed} of {seen.runs} runs fail where only it varies: {rate}"
            first = f"{told} (95 %: {interval}); {seen.headline}"
        elif seen.runs:
            first = f"0 of {seen.runs} runs fail where only it varies: at most"
            first += f" {percent(bound(seen.runs))} (95 %)"
        else:
            first = "no run of it came to an end"
        if seen.cut:
            first += f"; {seen.cut} more were cut by a limit"
        ends = f"{seen.endings} ending{'s' * (seen.endings != 1)}, {seen.bits:.2f} bits"
        return (first, ends, *self.prior.reasons)


@dataclass(frozen=True, slots=True)
class Prediction:
    """Boundaries: first those where a perturbation made it fail, each by volatility.

    runs: with a boundary perturbed, of all boundaries; those that the architecture was observed in
    come before them. left_out: boundaries that were not measured.
    """

    architecture: Architecture
    ranking: tuple[Ranked, ...]
    runs: int
    entropy: int
    left_out: tuple[str, ...] = ()
    program: Program | None = None
    seconds: float = field(default=0.0, compare=False)


def predict_architecture(architecture: Architecture) -> Prediction:
    """Rank the boundaries of ``architecture`` by what it says alone; nothing is run."""
    _check(architecture)
    found = [
        Ranked(name, 0.5 * _share(told.points), _services(architecture, name), told)
        for name in architecture.boundaries
        for told in (prior(architecture, name),)
    ]
    return Prediction(architecture, _sorted(found), 0, 0)


def predict(
    program: Program | Callable[..., Any],
    *,
    budget: int = BUDGET,
    incidents: Sequence[Incident] = (),
    entropy: int = 0,
    limits: Limits = Limits(),  # noqa: B008 a frozen value
    progress: Callable[[int, int], None] | None = None,
) -> Prediction:
    """Rank what the tasks of ``program`` share: observe it, and perturb each of its boundaries.

    budget: runs in all, of which each boundary gets as many as the others, and 20 at least.
    incidents: at boundaries, by their names. The same arguments give the same ranking. Raises
    `BadOption` for an incident at what is no boundary, or if its tasks share nothing.
    """
    began, chosen = time.perf_counter(), as_program(program)
    settings, leads = Settings(entropy=entropy), Leads()
    with guarded(), frozen(), watching(limits.wall_s):
        seen = first_runs(chosen, settings, limits)
        for run in seen:
            leads.learn(run)
        architecture = replace(architecture_of(chosen, seen), incidents=tuple(incidents))
        _check(architecture)
        priors = {name: prior(architecture, name) for name in architecture.boundaries}
        order = sorted(priors, key=lambda name: (-priors[name].points, name))
        tried, left_out = order[:BOUNDARIES_MAX], order[BOUNDARIES_MAX:]
        each, found = max(LEAST, budget // len(tried)), []
        for number, name in enumerate(tried):
            got = measured(chosen, name, leads, runs=each, settings=settings, limits=limits)
            score = _volatility(got, priors[name], is_read=_is_read(architecture, name))
            found.append(Ranked(name, score, _services(architecture, name), priors[name], got))
            if progress is not None:
                progress((number + 1) * each, sum(r.measured.failed for r in found if r.measured))
    return Prediction(
        architecture, _sorted(found), each * len(tried), entropy, tuple(left_out),
        chosen, time.perf_counter() - began,
    )  # fmt: skip


def _check(architecture: Architecture) -> None:
    if not architecture.calls:
        raise BadOption("the tasks of this program share nothing that was seen: nothing to rank")
    known = architecture.boundaries
    strange = [i.boundary for i in architecture.incidents if i.boundary not in known]
    if strange:
        told = ", ".join(known[:10])
        raise BadOption(f"an incident is at {strange[0]!r}, which is no boundary: {told}")


def _is_read(architecture: Architecture, boundary: str) -> bool:
    """Return whether a task reads there and does not only write."""
    return any(c.boundary == boundary and c.mode is not Mode.WRITE for c in architecture.calls)


def _volatility(seen: Measured, told: Prior, *, is_read: bool) -> float:
    failed = seen.failed / seen.runs if seen.runs else 0.0
    most = math.log2(seen.runs) if seen.runs > 1 else 1.0
    changes = failed + 0.5 * seen.bits / most
    return changes * (1.0 if is_read else 0.5) + 0.5 * _share(told.points)


def _share(points: float) -> float:
    return points / (points + 4.0)


def _services(architecture: Architecture, boundary: str) -> tuple[str, ...]:
    return tuple(call.service for call in architecture.calls if call.boundary == boundary)


def _sorted(found: Sequence[Ranked]) -> tuple[Ranked, ...]:
    """Return ``found`` in order: first where something failed, then the more volatile."""
    return tuple(sorted(found, key=lambda r: (not _fails(r), -round(r.volatility, 9), r.boundary)))


def _fails(ranked: Ranked) -> bool:
    return ranked.measured is not None and ranked.measured.failed > 0

"""Why a run fails: what each deviation turns round, and the orders that suffice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from raceexplore.kernel.scheduler import Replay
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.search.programs.silence import silence
from raceexplore.search.why.broken_orders import UNSEEN, differences
from raceexplore.search.why.sufficient import Sufficient, kept_orders, sufficient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from raceexplore.kernel.choice import Deviation
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Limits
    from raceexplore.search.why.broken_orders import Conflict
    from raceexplore.search.why.guide import Guide

REPLAY_REASONS = 3  # deviations that a replay looks into, for a run each
REASONS_MAX = 30  # deviations that are looked into; a longer schedule has not been shrunk
WORK_MAX = 500_000  # events times deviations: more would take a minute
STEPS_MAX = 20_000  # a longer run is not looked into


@dataclass(frozen=True, slots=True)
class Reason:
    """What one deviation is for.

    conflict: the order that the failing run keeps, and a run without the deviation breaks; None if
    it breaks none. instead: how that run ends: ``passes``, ``fails in the same way``, ``fails in
    another way`` or ``is cut``.
    """

    deviation: Deviation
    conflict: Conflict | None
    instead: str


@dataclass(frozen=True, slots=True)
class Why:
    """Why ``run`` fails. reasons: one for each of its first deviations. orders: what suffices.

    run: the failing run, observed with values.
    """

    run: Run
    reasons: tuple[Reason, ...]
    orders: Sufficient


def why(run: Run, limits: Limits) -> Why | None:
    """Return why the failing ``run`` fails; None if it is too long or differs when observed.

    Too long are also runs of many events whose schedule has not been shrunk.
    Runs its program some dozen times, quietly; first as it was, unless `with_values` has done so.
    """
    if run.failure is None or run.steps > STEPS_MAX:
        return None
    if run.steps * run.schedule.size > WORK_MAX:  # it has not been shrunk
        return None
    with silence():
        try:
            seen = _seen(run, limits)
            if seen is None:
                return None
            orders = sufficient(seen, limits)
            return Why(seen, tuple(_reasons(seen, orders, limits)), orders)
        except Exception:  # noqa: BLE001 the failure counts more than what else is known of it
            return None


def _seen(run: Run, limits: Limits) -> Run | None:
    """Return ``run`` observed with values; None if it is another run then."""
    if run.own:
        return run
    schedule = Replay(run.schedule)
    seen = observed_run(run.program, schedule, limits=limits, settings=run.settings, values=True)
    assert run.failure is not None
    same = seen.failure and seen.failure.fingerprint == run.failure.fingerprint
    return seen if same and run.digest in ("", seen.digest) else None


def why_briefly(run: Run, guide: Guide, limits: Limits) -> Why | None:
    """Return what the first deviations of ``run`` are for: at most three runs.

    guide: what the corpus has kept of an explanation. None if ``run`` was not observed with values.
    """
    if run.failure is None or not run.own:
        return None
    kept = kept_orders(run, guide)
    with silence():
        return Why(run, tuple(_reasons(run, kept, limits, REPLAY_REASONS)), kept)


def _reasons(
    seen: Run, orders: Sufficient, limits: Limits, most: int = REASONS_MAX
) -> Iterator[Reason]:
    for index, deviation in enumerate(seen.schedule.deviations[:most]):
        without = observed_run(
            seen.program,
            Replay(seen.schedule.without(index)),
            limits=limits,
            settings=seen.settings,
            values=True,
        )
        broken = differences(seen.events, without.events)
        conflict = min(broken, key=_ranked(deviation, orders), default=None)
        yield Reason(deviation, conflict, _ending(seen, without))


def _ranked(deviation: Deviation, orders: Sufficient) -> Callable[[Conflict], tuple[object, ...]]:
    """Return what to sort by: what the failure needs comes first, then what tells a reader most."""
    needed = {c.constraint for c in orders.needed}
    resources = {c.constraint.first.deed.resource for c in orders.needed}

    def rank(conflict: Conflict) -> tuple[object, ...]:
        first = conflict.constraint.first.deed
        return (
            conflict.constraint not in needed,
            first.task != deviation.take,
            first.resource not in resources,
            conflict.weight == UNSEEN,
            conflict.place,
            conflict.weight,
            conflict.first.event.number,
        )

    return rank


def _ending(seen: Run, without: Run) -> str:
    assert seen.failure is not None
    if without.failure is None:
        return "passes" if without.outcome == "passed" else "is cut"
    same = without.failure.fingerprint == seen.failure.fingerprint
    return "fails in the same way" if same else "fails in another way"

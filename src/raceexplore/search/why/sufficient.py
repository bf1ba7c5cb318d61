"""Which order constraints suffice for a failure: each of them needed, together enough."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from raceexplore.kernel.choice import CLOCK
from raceexplore.kernel.fence.watchdog import STUCK
from raceexplore.kernel.scheduler import Replay
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.search.why.broken_orders import UNSEEN, Conflict, Side, differences
from raceexplore.search.why.dependence import slice_of
from raceexplore.search.why.guide import Guide
from raceexplore.search.why.guided import guided_run
from raceexplore.search.why.nearest_passing import nearest_passing
from raceexplore.search.why.order_constraints import Index, deeds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from raceexplore.kernel.choice import Deviation
    from raceexplore.kernel.events.trace import Event
    from raceexplore.kernel.outcome import Failure, Run
    from raceexplore.kernel.program import Limits, Settings
    from raceexplore.search.why.guided import Guidance
    from raceexplore.search.why.order_constraints import Anchor, OrderConstraint

RUNS_MAX, EVENTS_MAX = 200, 200_000  # to spend on one explanation
MANY = 20  # schedules that all fail: that none passes is worth saying
FAR = 10_000  # steps: what a failure does not depend on
ONE = "no other schedule exists"
NO_NEED = "it fails on the default schedule: no order is needed"
DRAWS_ALONE = "the draws alone make it fail"
NO_ORDER = "no order of accesses explains it: to keep those of the failing run is not enough"
UNWINDING = ("", "Cancelled", "ExceptionGroup", "BaseExceptionGroup")
NEAR_MAX = 12  # orders of what the failing event touched, before all others are looked at, too
ALONE_MAX = 30  # conflicts that are tried alone


@dataclass(frozen=True, slots=True)
class Sufficient:
    """The order constraints that suffice for a failure, or why none do.

    needed: the conflicts of the failing run whose orders suffice: the default schedule that is made
    to keep them fails in the same way, and if any one of them is left out it does not. draws: the
    draws that it takes besides. settings: of these runs; elastic time where the orders alone
    suffice whatever the latencies. refusal: why no set of orders suffices, else empty.
    runs: what it took. cure: a passing run, where it is the default schedule that fails: then the
    orders are those that make it pass. always: no schedule passes, of all that there are or of 20
    and more that were tried: then no order matters.
    """

    needed: tuple[Conflict, ...]
    draws: tuple[Deviation, ...]
    settings: Settings
    refusal: str = ""
    runs: int = 0
    cure: Run | None = None
    always: bool = False

    @property
    def constraints(self) -> tuple[OrderConstraint, ...]:
        """The orders themselves; empty if none suffice."""
        return tuple(conflict.constraint for conflict in self.needed)

    @property
    def guide(self) -> Guide:
        """What to keep of it, to find the failure again; empty if no orders suffice."""
        if not self.needed or self.cure is not None:
            return Guide()
        return Guide(self.constraints, self.settings.time, self.draws)


def kept_orders(seen: Run, guide: Guide) -> Sufficient:
    """Return what explained ``seen`` when it was found, which ``guide`` is; runs nothing."""
    index, last = Index(seen.events), seen.events[-1]
    found = []
    for constraint in guide.constraints:
        numbers = [index.find(side) for side in (constraint.first, constraint.then)]
        # one that has not happened here is told by what the order itself says of it
        first, then = (Side(last if n is None else seen.events[n], None) for n in numbers)
        found.append(Conflict(constraint, first, then, UNSEEN, 0))
    settings = replace(seen.settings, time=guide.time)
    return Sufficient(tuple(found), guide.draws, settings)


def _kind(anchor: Anchor) -> tuple[str, str, int]:
    return anchor.deed.what, anchor.file, anchor.line


def _near(events: Sequence[Event]) -> frozenset[str]:
    """Return what the event touched that failed; nothing for a deadlock and its like."""
    failed = next((e for e in events if e.error not in ("", "Cancelled")), None)
    done = () if failed is None else deeds(failed)
    return frozenset(deed.resource for deed, access in done if access is not None)


class Spent(Exception):
    """The budget is spent."""


def sufficient(seen: Run, limits: Limits) -> Sufficient:
    """Return the order constraints that suffice for the failure of ``seen``.

    seen: the failing run, observed with values.
    Where its schedule also draws or lets time pass early, first the orders alone are tried, in
    elastic time, then with the same draws.
    """
    deviations, settings = seen.schedule.deviations, seen.settings
    draws = tuple(d for d in deviations if d.kind != "task")
    early = any(CLOCK in (d.take, d.at) for d in deviations)
    left = min(RUNS_MAX, max(8, EVENTS_MAX // max(1, len(seen.events))))
    if not deviations:
        return _curing(seen, limits, left)
    modes: list[tuple[Settings, tuple[Deviation, ...]]] = []
    if draws or early:
        modes.append((replace(settings, time="elastic"), ()))
    if draws or not early:
        modes.append((settings, draws))
    spent, refusal = 0, ""
    for mode, kept in modes:
        search = _Search(seen, limits, mode, kept, left)
        found = search.search()
        spent += search.runs
        if found.needed:
            return replace(found, runs=spent)
        refusal = found.refusal
    return Sufficient((), draws, settings, refusal, spent)


def _curing(seen: Run, limits: Limits, left: int) -> Sufficient:
    """Return the orders that make the default schedule, which ``seen`` is, pass."""
    settings, found = seen.settings, nearest_passing(seen, limits)
    if found.schedule is None:
        every = f"no schedule passes: all {found.every:,} fail" if found.every > 1 else ONE
        left_out = f", {found.left_out}" if found.left_out else ""
        none = f"no schedule was found that passes, in {found.runs:,} runs"
        told = f"{every}{left_out}" if found.every else none
        always = found.runs >= MANY or bool(found.every and not found.left_out)
        return Sufficient((), (), settings, told, found.runs, always=always)
    passing = observed_run(
        seen.program, Replay(found.schedule), limits=limits, settings=settings, values=True
    )
    if passing.outcome != "passed":
        return Sufficient((), (), settings, NO_NEED, found.runs)
    draws = tuple(d for d in found.schedule.deviations if d.kind != "task")
    search = _Search(passing, limits, settings, draws, left, failing=seen.failure)
    orders = search.search()
    return replace(orders, runs=orders.runs + found.runs + 1, cure=passing)


class _Search:
    """Grow a set of orders, from the failing run, until the default schedule fails; thin it."""

    def __init__(
        self,
        seen: Run,
        limits: Limits,
        settings: Settings,
        draws: tuple[Deviation, ...],
        budget: int,
        *,
        failing: Failure | None = None,
    ) -> None:
        self.seen, self.limits, self.settings, self.draws = seen, limits, settings, draws
        self._index = Index(seen.events)
        failure = seen.failure or failing
        within = slice_of(seen.events, failure) if failure is not None else None
        self._slice = within.resources if within is not None else None
        failed = next((e for e in seen.events if e.error not in UNWINDING), None)
        stopped = seen.failure is not None and not seen.failure.waits
        self._failing = failed.number if failed else len(seen.events) - 1 if stopped else -1
        self.plain: Run | None = None
        self.budget, self.runs = budget, 0

    def search(self) -> Sufficient:
        """Return what suffices."""
        try:
            plain = self._guided(())
            self.plain = plain.run
            if self._is_same(plain.run):
                return self._refused(DRAWS_ALONE if self.draws else NO_NEED)
            needed = self._alone(plain) or self._thinned(self._grown(plain))
        except Spent:
            return self._refused(f"no orders that suffice were found in {self.runs} runs")
        if not needed:
            return self._refused(NO_ORDER)
        ordered = sorted(needed, key=lambda c: (c.first.event.number, c.place))
        return Sufficient(tuple(ordered), self.draws, self.settings, runs=self.runs)

    def _refused(self, why: str) -> Sufficient:
        return Sufficient((), self.draws, self.settings, why, self.runs)

    def _alone(self, plain: Guidance) -> list[Conflict]:
        """Return the one conflict whose order suffices alone, the most telling first.

        Of those between the same two lines the first one, then the others.
        """
        first: dict[object, Conflict] = {}
        rest = []
        for conflict in sorted(self._broken(plain), key=self._telling):
            lines = (_kind(conflict.constraint.first), _kind(conflict.constraint.then))
            if first.setdefault(lines, conflict) is not conflict:
                rest.append(conflict)
        for conflict in [*first.values(), *rest][:ALONE_MAX]:
            if self._suffices([conflict]):
                return [conflict]
        return []

    def _telling(self, conflict: Conflict) -> tuple[object, ...]:
        """Return what to sort by: what tells a reader of the cause comes first.

        Last comes what only says that the failure was looked at too early: an order whose first
        side is the check that fails, or whose other side has not even happened by then. Before
        all, what has nothing to do with the failure, by what its lines use, comes after the rest.
        """
        is_check = 0 <= self._failing <= conflict.first.event.number
        is_missing = self._index.find(conflict.constraint.then) is None
        far = min(map(self._steps_to, (conflict.first, conflict.then)))
        symptom = is_check + is_missing
        return self._is_apart(conflict), symptom, conflict.weight, far, conflict.place

    def _steps_to(self, side: Side) -> int:
        """Return how far what ``side`` touches is from the failing line, by what its lines use."""
        return FAR if self._slice is None else self._slice.get(side.resource, FAR)

    def _is_apart(self, conflict: Conflict) -> bool:
        """Return whether it is about values that the failure has nothing to do with."""
        sides = [s for s in (conflict.first, conflict.then) if s.access is not None]
        values = any(s.access.before or s.access.after for s in sides if s.access is not None)
        within = self._slice
        return within is not None and values and not any(s.resource in within for s in sides)

    def _broken(self, guidance: Guidance) -> list[Conflict]:
        return differences(self.seen.events, guidance.run.events)

    def _grown(self, plain: Guidance) -> list[Conflict]:
        """Return orders that suffice: the first one that the guided run breaks, and so on.

        First from what the failing event touched alone, where an event has failed.
        """
        near = _near(self.seen.events)
        return (near and self._growing(plain, near)) or self._growing(plain, frozenset())

    def _growing(self, plain: Guidance, near: frozenset[str]) -> list[Conflict]:
        chosen: list[Conflict] = []
        guidance = plain
        while not self._is_same(guidance.run):
            known = {c.constraint for c in chosen}
            broken = [c for c in self._broken(guidance) if c.constraint not in known]
            if near:
                broken = [c for c in broken if c.constraint.first.deed.resource in near]
            if not broken or (near and len(chosen) == NEAR_MAX):
                return []
            # what cancelled whom follows from the rest, if that can be had
            chosen.append(min(broken, key=lambda c: (c.weight == UNSEEN, c.place, c.weight)))
            guidance = self._guided(chosen)
        return chosen

    def _thinned(self, chosen: list[Conflict]) -> list[Conflict]:
        """Return ``chosen`` less those that are not needed, the least telling first."""
        for conflict in sorted(chosen, key=lambda c: (c.weight, c.place), reverse=True):
            rest = [c for c in chosen if c is not conflict]
            if rest and self._suffices(rest):
                return self._thinned(rest)
        return chosen

    def _suffices(self, chosen: Sequence[Conflict]) -> bool:
        guidance = self._guided(chosen)
        return not guidance.broken and self._is_same(guidance.run)

    def _guided(self, chosen: Sequence[Conflict]) -> Guidance:
        # each starts from the default run alone, so that anybody can have the same run later
        if self.runs >= self.budget:
            raise Spent
        guidance = guided_run(
            self.seen.program,
            [conflict.constraint for conflict in chosen],
            settings=self.settings,
            limits=self.limits,
            draws=self.draws,
            plain=self.plain,
            values=True,
        )
        self.runs += guidance.runs
        if STUCK in guidance.run.cut:
            raise Spent  # the next one may take as many seconds
        return guidance

    def _is_same(self, run: Run) -> bool:
        if self.seen.failure is None:
            return run.outcome == "passed"
        failure = run.failure
        return failure is not None and failure.fingerprint == self.seen.failure.fingerprint

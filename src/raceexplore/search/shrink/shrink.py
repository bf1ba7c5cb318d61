"""Shrink a failing schedule: as few kinds of deviation, preemptions and deviations as can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from raceexplore.kernel.choice import Schedule
from raceexplore.kernel.program import Limits
from raceexplore.kernel.run import run_once
from raceexplore.kernel.scheduler import Replay
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.search.shrink.commute import InOrder, fewest_switches
from raceexplore.search.shrink.count_schedules import Orders
from raceexplore.search.shrink.fewest import Fewest
from raceexplore.toolbox.by_name import by_name

if TYPE_CHECKING:
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.scheduler import Scheduler

SIMPLEST = range(1, 8)  # of a latency: the quantiles 1/4, 3/4, 1/8, 5/8, 3/8, 7/8, 1/16
EXACT_PREEMPTIONS, EXACT_RUNS, PAIRS_MAX = 2, 1_000, 12
EXACT_STEPS = 30_000  # in all, so that a long run does not cost seconds
PROOF_STEPS = 600_000  # the same, where all schedules with fewer preemptions can be run


class Cost(NamedTuple):
    """What makes one failing schedule better than another, the weightiest first.

    kinds: of deviation. size: of the draws; a latency further from its median is larger.
    """

    kinds: int
    preemptions: int
    deviations: int
    size: int
    steps: int


def cost(run: Run) -> Cost:
    """Return the cost of the schedule of ``run``."""
    deviations = run.schedule.deviations
    return Cost(
        kinds=len({d.kind for d in deviations}),
        preemptions=run.preemptions,
        deviations=len(deviations),
        size=sum(d.take for d in deviations if isinstance(d.take, int)),
        steps=run.steps,
    )


@dataclass(frozen=True, slots=True)
class Shrunk:
    """The outcome of shrinking.

    run: the smallest found. one_minimal: taking any one deviation away makes this failure
    disappear. fewest: what is known of schedules with fewer preemptions, in words; empty if
    nothing is. runs: what it cost.
    """

    run: Run
    one_minimal: bool
    runs: int
    fewest: str = ""


def shrink(run: Run, *, budget: int = 2_000, limits: Limits = Limits()) -> Run:  # noqa: B008
    """Return a run with the same fingerprint and as few deviations as ``budget`` replays allow."""
    return Shrinking(run, budget, limits).shrink().run


class Shrinking:
    """Commute, ddmin, local moves, the 1-minimality pass, and the exact step where it is small.

    Source: Zeller and Hildebrandt, TSE 2002 (ddmin), on the sparse
    schedule, where every subset can be run.
    """

    def __init__(self, run: Run, budget: int, limits: Limits) -> None:
        self.best, self.budget, self.limits = run, budget, limits
        self.best_cost = cost(run)
        self.spent = 0
        self._worse: set[Schedule] = set()

    def shrink(self) -> Shrunk:
        """Shrink until nothing helps any more, or the budget is spent."""
        if self.budget < 1:
            return Shrunk(self.best, one_minimal=False, runs=0)
        self._try(self.best.schedule)  # what the run did not reach is dropped by replaying it
        self._delete_kinds()
        self._commute()
        self._ddmin()
        self._commute()
        self._settle()
        fewest = self._exact()
        self._fewer_deviations()
        one_minimal = self._is_one_minimal()
        return Shrunk(self.best, one_minimal, self.spent, fewest)

    def _delete_kinds(self) -> None:
        for kind in ("fault", "tie", "latency", "data"):
            deviations = self.best.schedule.deviations
            rest = tuple(d for d in deviations if d.kind != kind)
            if len(rest) < len(deviations):
                self._try(Schedule(rest))

    def _ddmin(self) -> None:
        chunk = self.best.schedule.size // 2
        while chunk >= 1 and self.spent < self.budget:
            if not self._delete_chunks(chunk):
                chunk = min(chunk // 2, self.best.schedule.size // 2 or 1)

    def _delete_chunks(self, size: int) -> bool:
        """Delete runs of ``size`` deviations, from the end; tell whether any could go."""
        shorter, start = False, self.best.schedule.size
        while start > 0 and self.spent < self.budget:
            start = min(start, self.best.schedule.size)
            begin = max(0, start - size)
            if self._try(self.best.schedule.without(*range(begin, start))):
                shorter = True
            start = begin
        return shorter

    def _commute(self) -> None:
        """Reorder what is independent so that fewer switches are needed."""
        if self.spent >= self.budget or self.best.preemptions == 0:
            return
        self.spent += 1
        seen = self._observed(Replay(self.best.schedule))
        if not self._is_same(seen):
            return
        draws = [d for d in self.best.schedule.deviations if d.kind != "task"]
        self._keep(self._run(InOrder(fewest_switches(seen.events), draws)))

    def _settle(self) -> None:
        """Make local moves until none helps: delete one or two deviations, make a draw smaller."""
        while self.spent < self.budget and any(self._try(s) for s in self._moves()):
            pass

    def _moves(self) -> Any:
        schedule = self.best.schedule
        for i in reversed(range(schedule.size)):
            yield schedule.without(i)
        for i, deviation in enumerate(schedule.deviations):
            if isinstance(deviation.take, int):
                smaller = {*SIMPLEST, deviation.take // 2, deviation.take - 1}
                for take in sorted(take for take in smaller if 0 < take < deviation.take):
                    yield _changed(schedule, i, take)
        if schedule.size <= PAIRS_MAX:
            for i in range(schedule.size):
                for j in range(i):
                    yield schedule.without(i, j)

    def _is_one_minimal(self) -> bool:
        i = self.best.schedule.size - 1
        while i >= 0:
            if self.spent >= self.budget + EXACT_RUNS:
                return False
            shorter = self.best.schedule.without(i)
            if self._try(shorter):
                i = self.best.schedule.size  # start over: an earlier one may have become needless
            elif shorter in self._worse:
                return False  # it fails as well, but at a higher cost
            i -= 1
        return True

    def _exact(self) -> str:
        """Look at every schedule with fewer preemptions, where they are few enough."""
        p = self.best.preemptions
        if p == 0:
            return "it needs no preemption"
        settings = self.best.settings
        strict = settings.time == "strict" and settings.order == "any"
        if p > EXACT_PREEMPTIONS or not strict or self.spent >= self.budget:
            return ""
        scheduler: Any = by_name(f"icb:bound={p - 1}", entropy=settings.entropy)
        most = self._affordable(p - 1)
        if self._search(scheduler, most) == "unknown":
            return ""
        return self._fewer(self.best.preemptions, scheduler.covered)

    def _affordable(self, preemptions: int) -> int:
        """Return how many schedules with at most so many preemptions to run: perhaps all."""
        orders, steps = Orders(), max(1, self.best.steps)
        orders.begin()
        self._run(orders)
        most = min(EXACT_RUNS, self.budget, PROOF_STEPS // steps)
        if orders.with_at_most(preemptions) <= most:
            return most
        return min(most, EXACT_STEPS // steps)

    def _search(self, scheduler: Scheduler, most: int) -> Literal["better", "none", "unknown"]:
        """Run what ``scheduler`` has, up to ``most`` runs, until one is kept; settle that."""
        for _ in range(most):
            if not scheduler.begin():
                return "none"
            self.spent += 1
            run = self._run(scheduler)
            scheduler.end(run)
            if self._keep(run):
                self._settle()
                return "better"
        return "unknown"

    def _fewer_deviations(self) -> None:
        """Look at every order with fewer deviations of tasks, where they are few enough.

        Deleting finds no schedule that deviates elsewhere: one switch from ``a`` to ``b`` may do
        what "``b`` first, then ``a`` in between" does.
        """
        deviations = self.best.schedule.deviations
        switches = sum(d.kind == "task" for d in deviations)
        if switches < 2:
            return
        scheduler = Fewest(switches - 1, [d for d in deviations if d.kind != "task"])
        left = min(EXACT_RUNS, self.budget - self.spent, EXACT_STEPS // max(1, self.best.steps))
        self._search(scheduler, left)

    @staticmethod
    def _fewer(preemptions: int, covered: str) -> str:
        if preemptions == 0:
            return "it needs no preemption"
        clause = ", each latency at its median" if "median" in covered else ""
        many = f"{preemptions} preemption{'s' * (preemptions != 1)}"
        return f"no failing schedule with fewer than {many} exists{clause}"

    def _try(self, schedule: Schedule) -> bool:
        """Replay ``schedule``; keep it if it fails in the same way and costs less."""
        self.spent += 1
        run = self._run(Replay(schedule))
        if self._keep(run):
            return True
        if self._is_same(run) and run.schedule.size < self.best.schedule.size:
            self._worse.add(schedule)
        return False

    def _keep(self, run: Run) -> bool:
        """Keep ``run`` if it fails in the same way and costs less."""
        price = cost(run)
        if price >= self.best_cost or not self._is_same(run):
            return False
        self.best, self.best_cost = run, price
        return True

    def _is_same(self, run: Run) -> bool:
        assert self.best.failure is not None
        return run.failure is not None and (
            run.failure.fingerprint == self.best.failure.fingerprint
        )

    def _run(self, scheduler: Scheduler) -> Run:
        best = self.best
        return run_once(best.program, scheduler, limits=self.limits, settings=best.settings)

    def _observed(self, scheduler: Scheduler) -> Run:
        best = self.best
        return observed_run(best.program, scheduler, limits=self.limits, settings=best.settings)


def _changed(schedule: Schedule, index: int, take: int) -> Schedule:
    deviations = list(schedule.deviations)
    deviations[index] = deviations[index]._replace(take=take)
    return Schedule(tuple(deviations))

"""Guided runs: the default schedule, made to keep order constraints."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from raceexplore.search.observed.observed_run import observed_run
from raceexplore.search.why.order_constraints import Deed, broken, deeds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from raceexplore.kernel.choice import ChoicePoint, Deviation
    from raceexplore.kernel.events.trace import Event
    from raceexplore.kernel.names import TaskInfo
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Limits, Program, Settings
    from raceexplore.search.why.order_constraints import OrderConstraint

PATIENCE = 2_000  # choices that a constraint may hold a task back: others may poll for its event
ROUNDS = 12  # runs in which to learn which events do what is to be held back


class Knowledge:
    """What the events of a program do, by (task, await where it goes on, number), from its runs.

    Where that number was never seen: what any event of the task that went on there did.
    """

    def __init__(self) -> None:
        self._exact: dict[tuple[str, str, int], set[Deed]] = {}
        self._near: dict[tuple[str, str], set[Deed]] = {}
        self.size = 0

    def learn(self, events: Iterable[Event]) -> bool:
        """Remember what ``events`` did, with all that was known before; tell if any was new."""
        sites: dict[str, str] = {}
        before = self.size
        for event in events:
            site = sites.get(event.task, event.task)
            sites[event.task] = str(event.end)
            exact = self._exact.setdefault((event.task, site, event.nth - 1), set())
            found = {deed for deed, _ in deeds(event)}
            self.size += len(found - exact)
            exact |= found
            self._near.setdefault((event.task, site), set()).update(found)
        return self.size > before

    def may_do(self, task: TaskInfo, deed: Deed) -> bool:
        """Return whether the next event of ``task`` may do ``deed``."""
        exact = self._exact.get((task.path, task.site, task.steps))
        return deed in (self._near.get((task.path, task.site), ()) if exact is None else exact)


class Guided:
    """Take the neutral option, unless the task's next event would break a constraint.

    Then the task that the constraint waits for goes on; if it cannot, the first option that breaks
    none, to let time pass being the last. If there is none, or the task was held back for too long,
    the constraint is broken: see `broken`. Draws are those of ``draws``, else neutral. Works on
    recorded runs only (``observes``).
    """

    observes = True

    def __init__(
        self,
        constraints: Sequence[OrderConstraint],
        knowledge: Knowledge,
        draws: Iterable[Deviation] = (),
    ) -> None:
        self.constraints, self.knowledge = tuple(constraints), knowledge
        self._draws = {(d.kind, d.at, d.nth): int(d.take) for d in draws}

    def begin(self) -> bool:
        """Start over, with all constraints."""
        self._left = list(self.constraints)
        self._done: dict[Deed, int] = {}
        self._wanted = {a.deed for c in self._left for a in (c.first, c.then)}
        self._seen = 0
        self._held: dict[OrderConstraint, int] = {}
        return True

    def choose(self, point: ChoicePoint) -> int:
        """Return the first option that breaks no constraint."""
        if point.kind != "task":
            index = self._draws.get((point.kind, point.label, point.ordinal), 0)
            return index if index < point.bound else 0
        self._follow(point.events)
        if not self._left:
            return 0
        tasks = point.tasks
        obstacle = self._obstacle(tasks[0])
        if obstacle is None:
            return 0
        free = [i for i, task in enumerate(tasks) if i and self._obstacle(task) is None]
        awaited = obstacle.first.deed.task
        return next((i for i in free if tasks[i].path == awaited), free[0] if free else 0)

    def _follow(self, events: Sequence[Event]) -> None:
        """Count what was done since the last call; forget the constraints that have been met."""
        if not self._left:
            return
        for event in events[self._seen :]:
            for deed, _ in deeds(event):
                if deed in self._wanted:
                    self._done[deed] = self._done.get(deed, 0) + 1
        self._seen = len(events)
        done = self._done
        self._left = [c for c in self._left if done.get(c.first.deed, 0) < c.first.nth]

    def _obstacle(self, task: TaskInfo) -> OrderConstraint | None:
        """Return a constraint that the next event of ``task`` would break."""
        for constraint in self._left:
            then = constraint.then
            if (
                task.path == then.deed.task
                and self._done.get(then.deed, 0) == then.nth - 1
                and self.knowledge.may_do(task, then.deed)
            ):
                held = self._held[constraint] = self._held.get(constraint, 0) + 1
                if held <= PATIENCE:
                    return constraint
        return None

    def end(self, run: Run) -> None:
        """Nothing to learn here: see `guided_run`."""


class Guidance(NamedTuple):
    """A guided run. broken: the constraints that it did not keep. runs: what it took."""

    run: Run
    broken: tuple[OrderConstraint, ...]
    runs: int


def guided_run(
    program: Program,
    constraints: Sequence[OrderConstraint],
    *,
    settings: Settings,
    limits: Limits,
    draws: Iterable[Deviation] = (),
    values: bool = False,
    plain: Run | None = None,
) -> Guidance:
    """Run ``program`` so that it keeps ``constraints``, and is the default run otherwise.

    Which event does what is foreseen from the runs before, of which the first is the default one:
    where an event surprises and breaks a constraint, the run is done again, at most a dozen times.
    values: observe these too. plain: the default run with these draws, where it is known.
    """
    known, draws = Knowledge(), tuple(draws)
    run, runs = plain, 0
    while True:
        if run is None:
            scheduler = Guided(constraints, known, draws)
            scheduler.begin()
            run = observed_run(program, scheduler, limits=limits, settings=settings, values=values)
            runs += 1
        missed = broken(constraints, run.events)
        learnt = known.learn(run.events)
        if not missed or not learnt or runs == ROUNDS:
            return Guidance(run, missed, runs)
        run = None

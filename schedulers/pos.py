"""POS: partial-order sampling, a random priority for each pending event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random as Generator
from typing import ClassVar

from raceexplore import ChoicePoint, Run, TaskInfo
from raceexplore.toolbox import Footprint, Foresight, derive


@dataclass
class POS:
    """Run the pending event of highest priority; redraw those that race with it.

    An event draws its priority when it is first seen enabled and drops it when it is executed;
    then only the enabled pending events that race with it draw anew. Samples trace classes far
    more evenly than a random walk: of two tasks whose m events and 1 event commute, each place
    of the one has probability 1/((j+1)(j+2)) instead of 2^-(j+1). No estimate of lengths.
    What a pending event will touch is learnt from earlier runs; the unknown races with all. (In
    a run that is not observed, the portfolio's, what was executed is a guess as well.)
    ``draw``: where priorities come from (`Feedback` puts a stream of its own here).
    Source: Yuan, Yang, Gu, Partial Order Aware Concurrency Sampling, CAV 2018, section 4.
    """

    observes: ClassVar[bool] = True
    is_drawn: ClassVar[bool] = True

    entropy: int = 0

    def __post_init__(self) -> None:
        self.next_run = 0
        self._generator = Generator()
        self.knowledge = Foresight()
        self.draw: Callable[[], float] = self._generator.random

    def begin(self) -> bool:
        """Seed run i from (entropy, i) and what was learnt before."""
        self._run_entropy = derive(self.entropy, self.next_run)
        self._generator.seed(self._run_entropy)
        self.next_run += 1
        # by task: its events, the priority of the next one, and what that will touch
        self._priorities: dict[int, tuple[int, float, Footprint | None]] = {}
        self.knowledge.begin()
        return True

    def choose(self, point: ChoicePoint) -> int:
        """Return the enabled task whose pending event has the highest priority."""
        if point.kind != "task":
            return point.keyed(self._run_entropy)
        tasks = point.tasks
        self._drop_racing(point, tasks)
        priorities = self._priorities
        best, highest = 0, -1.0
        for index, task in enumerate(tasks):
            pending = priorities.get(task.serial)
            if pending is None or pending[0] != task.steps:  # another event than the one that drew
                pending = task.steps, self.draw(), self.knowledge.expected(task)
                priorities[task.serial] = pending
            if pending[1] > highest:
                best, highest = index, pending[1]
        return best

    def _drop_racing(self, point: ChoicePoint, tasks: list[TaskInfo]) -> None:
        """Drop the priorities of pending events that race with what was executed since."""
        priorities, conflict = self._priorities, self.knowledge.conflict
        for _, touched in self.knowledge.executed(point, tasks):
            for task in tasks:
                pending = priorities.get(task.serial)
                if pending is not None and conflict(pending[2], touched):
                    del priorities[task.serial]

    def end(self, run: Run) -> None:
        """Learn from the run."""
        self.learn(run)

    def learn(self, run: Run) -> None:
        """Learn what each event has touched, be it another scheduler's run."""
        self.knowledge.learn(run)

    def lesson(self, run: Run) -> Run:
        """Return the run: what its events touched is the lesson."""
        return run

    study = learn

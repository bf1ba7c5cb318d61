"""Swarm: each task gets a random weight, so that some runs have slow tasks and others fast ones."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random as Generator
from typing import ClassVar

from raceexplore import BadOption, ChoicePoint, Run, TaskInfo
from raceexplore.toolbox import derive


@dataclass
class Swarm:
    """Choose each enabled task in proportion to a weight drawn when it is first seen.

    weight: weights are drawn from 1 to this. lineage: the probability that a task takes over the
        weight of the task that spawned it, so that whole subtrees run slow.
    No guarantee; the cheapest diversity that finds bugs which a random walk and PCT both miss.
    Source: Walker and Runciman, Cheap Remarks About Concurrent Programs, FLOPS 2018, section 4
    (dejafu's swarm scheduling; there without lineage).
    """

    weight: int = 50
    lineage: float = 0.5
    entropy: int = 0

    is_drawn: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.weight < 1 or not 0 <= self.lineage <= 1:
            raise BadOption("swarm: weight must be at least 1, lineage from 0 to 1")
        self.next_run = 0
        self._generator = Generator()
        self._draw = self._generator.random

    def begin(self) -> bool:
        """Seed run i from (entropy, i) alone."""
        self._run_entropy = derive(self.entropy, self.next_run)
        self._generator.seed(self._run_entropy)
        self.next_run += 1
        self._weights: dict[int, int] = {}
        return True

    def choose(self, point: ChoicePoint) -> int:
        """Return an index in proportion to the tasks' weights."""
        if point.kind != "task":
            return point.keyed(self._run_entropy)
        known = self._weights
        weights = [known.get(task.serial) or self._weigh(task) for task in point.tasks]
        drawn = self._draw() * sum(weights)
        for index, weight in enumerate(weights):
            drawn -= weight
            if drawn < 0:
                return index
        return point.bound - 1

    def _weigh(self, task: TaskInfo) -> int:
        inherited = self._weights.get(task.parent.serial) if task.parent is not None else None
        drawn = 1 + int(self._draw() * self.weight)
        keeps = inherited is not None and self._draw() < self.lineage
        weight = inherited if keeps and inherited is not None else drawn
        self._weights[task.serial] = weight
        return weight

    def end(self, run: Run) -> None:
        """Nothing to learn."""

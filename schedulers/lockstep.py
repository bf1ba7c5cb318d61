"""Lockstep: all tasks go on at the same pace, and each pass over them runs in either direction."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random as Generator

from raceexplore import ChoicePoint, Run, TaskInfo
from raceexplore.toolbox import derive

PATTERNS = 8  # so many runs follow Walsh's patterns, before coins are tossed


@dataclass
class Lockstep:
    """Run the task that is furthest behind; of several, the oldest or the youngest.

    A pass gives each task one event. It goes through them in the order of spawning or backwards:
    always in that order in the first run, by turns in the second (so that every two tasks meet in
    both orders), as a coin says in all others. A task that is spawned joins the pass that is going
    on; one that was blocked catches up. The clock of elastic time takes part like a task. With
    k passes and no blocking each of the 2^k schedules has probability 2^-k, however many tasks.
    Source: trio's own loop, which goes through its batch of tasks in one direction or the other.
    """

    entropy: int = 0

    def __post_init__(self) -> None:
        self.next_run = 0
        self._generator = Generator()

    def begin(self) -> bool:
        """Seed run i from (entropy, i) alone."""
        self._index = self.next_run
        self._run_entropy = derive(self.entropy, self._index)
        self._generator.seed(self._run_entropy)
        self.next_run += 1
        self._joined: dict[int, int] = {}  # the pass that a task takes part in first
        self._now = 0  # the pass that is going on
        self._backwards: dict[int, bool] = {}
        return True

    def choose(self, point: ChoicePoint) -> int:
        """Return the task that is furthest behind."""
        if point.kind != "task":
            return point.keyed(self._run_entropy)
        tasks = point.tasks
        passes = [self._pass(task) for task in tasks]
        now = self._now = min(passes)
        behind = [i for i, done in enumerate(passes) if done == now]
        choose = max if self._is_backwards(now) else min
        return choose(behind, key=lambda i: tasks[i].serial)

    def _pass(self, task: TaskInfo) -> int:
        return self._joined.setdefault(task.serial, self._now - task.steps) + task.steps

    def _is_backwards(self, number: int) -> bool:
        if self._index < PATTERNS:
            return (self._index & number).bit_count() % 2 == 1
        if number not in self._backwards:
            self._backwards[number] = self._generator.random() < 0.5
        return self._backwards[number]

    def end(self, run: Run) -> None:
        """Nothing to learn."""

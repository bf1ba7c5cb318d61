"""URW: a random walk that is uniform over whole interleavings, by counting what is still to do."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random as Generator
from typing import ClassVar

from raceexplore import BadOption, ChoicePoint, Run, TaskInfo
from raceexplore.toolbox import derive

Lesson = tuple[bool, list[tuple[str, int, int]]]


@dataclass
class URW:
    """Choose each enabled task in proportion to the events that it still has to do.

    What a task has still to do includes its children that are not spawned yet; it is estimated
    from earlier runs by task path, and at least 1. With exact counts and no blocking every
    interleaving of tasks with k_i events has probability prod k_i! / (sum k_i)!; the first run,
    which knows nothing, is a random walk.
    inertia: how much of an old estimate a run that differs leaves in place (0 to below 1).
    Source: Zhao, Wolff, Mathur, Roychoudhury, Selectively Uniform Concurrency Testing, ASPLOS
    2025, section 3.
    """

    inertia: float = 0.75
    entropy: int = 0

    is_drawn: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0 <= self.inertia < 1:
            raise BadOption(f"urw: inertia must be at least 0 and below 1, not {self.inertia}")
        self.next_run = 0
        self._generator = Generator()
        # by path: the events of a task, and with those of its descendants
        self.knowledge: tuple[dict[str, float], dict[str, float]] = {}, {}

    def begin(self) -> bool:
        """Seed run i from (entropy, i) and what was counted before."""
        self._run_entropy = derive(self.entropy, self.next_run)
        self._generator.seed(self._run_entropy)
        self.next_run += 1
        self._own, self._whole = self.knowledge
        self._unknown = min(self._own.values(), default=1.0)
        self._met: dict[int, TaskInfo] = {}
        self._unspawned: dict[int, float] = {}
        return True

    def choose(self, point: ChoicePoint) -> int:
        """Return an index in proportion to the events left."""
        if point.kind != "task":
            return point.keyed(self._run_entropy)
        weights = [self._left(task) for task in point.tasks]
        drawn = self._generator.random() * sum(weights)
        for index, weight in enumerate(weights):
            drawn -= weight
            if drawn < 0:
                return index
        return point.bound - 1

    def _left(self, task: TaskInfo) -> float:
        if task.serial not in self._met:
            self._meet(task)
        own = self._own.get(task.path, self._unknown) - task.steps
        return max(1.0, own) + max(0.0, self._unspawned[task.serial])

    def _meet(self, task: TaskInfo) -> None:
        """Move what a new task has to do from its parent to itself."""
        path, parent = task.path, task.parent
        self._met[task.serial] = task
        whole = self._whole.get(path, self._unknown)
        self._unspawned[task.serial] = whole - self._own.get(path, self._unknown)
        if parent is not None:
            if parent.serial not in self._met:
                self._meet(parent)
            self._unspawned[parent.serial] -= whole

    def end(self, run: Run) -> None:
        """Learn from the run."""
        self.study(self.lesson(run))

    def lesson(self, run: Run) -> Lesson:
        """Return whether the run passed, and (path, own events, with descendants) of each task."""
        whole: dict[int, int] = {}
        counted = []
        for serial in sorted(self._met, reverse=True):  # children before their parents
            task = self._met[serial]
            whole[serial] = whole.get(serial, 0) + task.steps
            if task.parent is not None:
                parent = task.parent.serial
                whole[parent] = whole.get(parent, 0) + whole[serial]
            counted.append((task.path, task.steps, whole[serial]))
        return run.outcome == "passed", counted

    def study(self, lesson: Lesson) -> None:
        """Count the events of each task; a run that stopped early can only raise an estimate."""
        passed, counted = lesson
        own, whole = self.knowledge
        for path, steps, steps_below in counted:
            self._learn(own, path, steps, passed=passed)
            self._learn(whole, path, steps_below, passed=passed)

    def _learn(self, estimates: dict[str, float], path: str, seen: float, *, passed: bool) -> None:
        old = estimates.get(path, seen)
        new = old + (1 - self.inertia) * (seen - old)
        estimates[path] = new if passed else max(old, seen)

"""SURW: a walk that is uniform over the orders of the accesses to one shared object."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random as Generator
from typing import ClassVar

from raceexplore import ChoicePoint, Run, TaskInfo
from raceexplore.toolbox import Census, Foresight, derive, touches


@dataclass
class SURW:
    """Draw one shared object a run, and make every order of its accesses equally likely.

    The object (or one attribute of it) is drawn in proportion to its accesses among those that
    two tasks or more use and one writes. Each task has an estimate, from earlier runs, of
    how many such accesses it and its unspawned children have still to do; the task whose access
    comes next is drawn in proportion to that, and the others are held back when they reach
    theirs. All other events follow random priorities, new after every event. With exact counts,
    and accesses that can be freely ordered, each order of them has probability
    prod d_i! / (sum d_i)!. The first run, which knows nothing, has no object.
    Source: Zhao, Wolff, Mathur, Roychoudhury, Selectively Uniform Concurrency Testing, ASPLOS
    2025, section 3 and its artifact's filler.
    """

    observes: ClassVar[bool] = True
    is_drawn: ClassVar[bool] = True

    entropy: int = 0

    def __post_init__(self) -> None:
        self.next_run = 0
        self._generator = Generator()
        self._draw = self._generator.random
        self.knowledge = Foresight(), Census()

    def begin(self) -> bool:
        """Draw the object of run i from (entropy, i) and what was learnt before."""
        self._run_entropy = derive(self.entropy, self.next_run)
        self._generator.seed(self._run_entropy)
        self.next_run += 1
        # by task: its events, the priority of the next one, and whether that will touch the object
        self._pending: dict[int, tuple[int, float, bool]] = {}
        self._left: dict[int, int] = {}  # accesses still to come, by task
        self._serials: dict[str, int] = {}
        self._held: set[int] = set()
        self._next: int | None = None  # the task whose access is to come next
        self._foresight, self._census = self.knowledge
        self._foresight.begin()
        self._place = self._draw_place()
        self._whole = self._census.whole(self._place)
        return True

    def _draw_place(self) -> tuple[object, object] | None:
        drawn = self._draw() * sum(self._census.places.values())
        for place, count in self._census.places.items():
            drawn -= count
            if drawn < 0:
                return place
        return None

    def choose(self, point: ChoicePoint) -> int:
        """Return the first task, by priority, that need not be held back."""
        if point.kind != "task":
            return point.keyed(self._run_entropy)
        tasks, left = point.tasks, self._left
        for task in tasks:
            if task.serial not in left:
                self._meet(task)
        for path, touched in self._foresight.executed(point, tasks):
            if touches(touched, self._place):
                self._note(path)
        while True:
            free = [i for i, task in enumerate(tasks) if task.serial not in self._held]
            ranks = {i: self._priority(tasks[i]) for i in free}
            while free:
                index = max(free, key=ranks.__getitem__)
                if self._may_run(tasks, index, free):
                    return index
                self._held.add(tasks[index].serial)
                free.remove(index)
            self._held.clear()
            self._next = None

    def _may_run(self, tasks: list[TaskInfo], index: int, free: list[int]) -> bool:
        """Return whether the task at ``index`` need not be held back; ``free`` are not yet."""
        serial = tasks[index].serial
        if not self._pending[serial][2]:
            return True
        self._left[serial] = max(1, self._left[serial])
        if self._next is None:
            self._next = self._draw_next([tasks[i].serial for i in free])
        return self._next == serial

    def _draw_next(self, serials: list[int]) -> int:
        drawn = self._draw() * sum(self._left[serial] for serial in serials)
        for serial in serials:
            drawn -= self._left[serial]
            if drawn < 0:
                return serial
        return serials[-1]

    def _priority(self, task: TaskInfo) -> float:
        pending = self._pending.get(task.serial)
        if pending is None or pending[0] != task.steps:
            touching = touches(self._foresight.expected(task), self._place)
            pending = self._pending[task.serial] = task.steps, self._draw(), touching
        return pending[1]

    def _meet(self, task: TaskInfo) -> None:
        """Move what a new task has to do from its parent to itself, the next turn too."""
        if task.serial in self._left:
            return
        whole = self._left[task.serial] = self._whole.get(task.path, 0)
        self._serials[task.path] = task.serial
        if task.parent is None:
            return
        self._meet(task.parent)
        parent = task.parent.serial
        if self._next == parent and self._draw() * self._left[parent] < whole:
            self._next = task.serial
        self._left[parent] = max(0, self._left[parent] - whole)

    def _note(self, path: str) -> None:
        """Take an access that was executed off what is left, and let everybody go."""
        serial = self._serials.get(path, -1)
        self._left[serial] = max(0, self._left.get(serial, 0) - 1)
        self._next = None
        self._held.clear()

    def end(self, run: Run) -> None:
        """Learn from the run."""
        self.learn(run)

    def learn(self, run: Run) -> None:
        """Learn what each event touched and how often, be it another scheduler's run."""
        for known in self.knowledge:
            known.learn(run)

    def lesson(self, run: Run) -> Run:
        """Return the run: what its events touched is the lesson."""
        return run

    study = learn

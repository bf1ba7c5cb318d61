"""Optimal dynamic partial-order reduction: one complete execution for each trace class."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from raceexplore import (
    ChoicePoint,
    Footprint,
    NotDeterministic,
    Run,
    conflict,
    footprint,
    order,
)


@dataclass(frozen=True, slots=True)
class Step:
    """An event of a wakeup sequence: whose it is and what it touches."""

    task: str
    touches: Footprint


@dataclass(slots=True)
class Branch:
    """A node of a wakeup tree: an event, and what is to follow it, in order."""

    step: Step
    children: list[Branch] = field(default_factory=list)


@dataclass(slots=True)
class Node:
    """The state before one event of the current execution.

    sleep: tasks whose next event has been explored from here, or commutes with all that was
    done since it was. tree: branches still to explore. taken: the event that was executed.
    """

    sleep: dict[str, Step]
    tree: list[Branch]
    taken: Step | None = None


@dataclass
class DPOR:
    """Explore exactly one complete execution of every trace class; then the campaign is complete.

    For every reversible race of a complete execution, the sequence that reverses it is put into
    the wakeup tree of the state before the race, unless a task that can begin it sleeps there or
    a branch already covers it. ``blocked`` counts executions that turned out to be covered
    (0 where what an event touches does not depend on what it reads). Draws stay neutral.
    Needs strict time. Source: Abdulla, Aronsson, Jonsson, Sagonas, POPL 2014, section 6.
    """

    observes: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self.blocked = 0
        self.executions = 0
        self._nodes: list[Node] = []
        self._done = 0
        self._asleep = False

    def begin(self) -> bool:
        """Go back to the deepest state with a branch left; False when there is none."""
        if self.executions and not self._backtrack():
            return False
        self.executions += 1
        self._done = 0
        self._asleep = False
        self._replayed = len(self._nodes)
        if not self._nodes:
            self._nodes.append(Node({}, []))
        return True

    def _backtrack(self) -> bool:
        while self._nodes:
            node = self._nodes[-1]
            if node.taken is not None:
                node.sleep[node.taken.task] = node.taken
                node.taken = None
            if node.tree:
                return True
            self._nodes.pop()
        return False

    def choose(self, point: ChoicePoint) -> int:
        """Follow the plan, then the wakeup tree, then the first task that does not sleep."""
        if point.kind != "task":
            return 0
        self._catch_up(point)
        paths = [task.path for task in point.tasks]
        node = self._nodes[self._done]
        if node.taken is not None:
            return self._index(paths, node.taken.task)
        if node.tree:
            return self._index(paths, node.tree[0].step.task)
        for index, path in enumerate(paths):
            if path not in node.sleep:
                return index
        self._asleep = True
        return 0

    @staticmethod
    def _index(paths: list[str], path: str) -> int:
        if path not in paths:
            raise NotDeterministic(
                f"dpor: {path} could run here in an earlier execution, and cannot now"
            )
        return paths.index(path)

    def _catch_up(self, point: ChoicePoint) -> None:
        for event in point.events[self._done :]:
            self._advance(Step(event.task, footprint(event)))

    def _advance(self, step: Step) -> None:
        """Enter the state after ``step``, with its sleep set and its wakeup tree."""
        node = self._nodes[self._done]
        self._done += 1
        if node.taken is not None:
            node.taken = step
            return  # on the replayed prefix: the next node is already there
        subtree: list[Branch] = []
        if node.tree and node.tree[0].step.task == step.task:
            subtree = node.tree.pop(0).children
        if step.task in node.sleep:
            self._asleep = True
        node.taken = step
        sleep = {
            path: sleeper
            for path, sleeper in node.sleep.items()
            if path != step.task and not conflict(sleeper.touches, step.touches)
        }
        del self._nodes[self._done :]
        self._nodes.append(Node(sleep, subtree))

    def end(self, run: Run) -> None:
        """Put the reversal of every race of the run into the wakeup tree where it belongs."""
        for event in run.events[self._done :]:
            self._advance(Step(event.task, footprint(event)))
        del self._nodes[len(run.events) :]
        if self._asleep:
            self.blocked += 1
        steps = [node.taken for node in self._nodes]
        relation = order(run.events)
        for first, second in relation.races:
            after = [
                k
                for k in range(first + 1, len(steps))
                if k != second and not relation.past[k] >> first & 1
            ]
            sequence = [*after, second]
            node = self._nodes[first]
            if not any(
                _can_begin(sleeper, sequence, steps, relation.past)
                for sleeper in node.sleep.values()
            ):
                _insert(node.tree, sequence, steps, relation.past)


Steps = list[Step | None]


def _first(task: str, sequence: list[int], steps: Steps) -> int:
    for k in sequence:
        step = steps[k]
        if step is not None and step.task == task:
            return k
    return -1


def _can_begin(step: Step, sequence: list[int], steps: Steps, past: tuple[int, ...]) -> bool:
    """Return whether ``step`` is a weak initial of ``sequence``: some equivalent one begins so."""
    k = _first(step.task, sequence, steps)
    if k < 0:
        return not any(
            other is not None and conflict(step.touches, other.touches)
            for other in (steps[k] for k in sequence)
        )
    return not any(past[k] >> other & 1 for other in sequence)


def _covering(
    tree: list[Branch], sequence: list[int], steps: Steps, past: tuple[int, ...]
) -> Branch | None:
    """Return the first branch that some sequence equivalent to ``sequence`` begins with."""
    for branch in tree:
        if _can_begin(branch.step, sequence, steps, past):
            return branch
    return None


def _insert(tree: list[Branch], sequence: list[int], steps: Steps, past: tuple[int, ...]) -> None:
    """Add ``sequence`` to the wakeup tree, unless a branch of it covers the sequence."""
    while (branch := _covering(tree, sequence, steps, past)) is not None:
        k = _first(branch.step.task, sequence, steps)
        sequence = [other for other in sequence if other != k]
        if not branch.children or not sequence:
            return
        tree = branch.children
    for k in sequence:
        step = steps[k]
        assert step is not None
        tree.append(branch := Branch(step))
        tree = branch.children

"""Optimal dynamic partial-order reduction: one complete execution for each trace class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from sys import intern
from typing import ClassVar

from raceexplore import ChoicePoint, Event, NotDeterministic, Run
from raceexplore.toolbox import (
    DRAWS,
    TORN,
    Branch,
    Classes,
    Cover,
    Node,
    Step,
    conflict,
    drop_first,
    event_keys,
    footprint,
    leaves_cover,
    order,
    relative_to,
    sentence,
    shown,
    validate,
    weaker,
)


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
        self.blocked = self.executions = self._done = 0
        self._relative: dict[str, None] = {}
        self._nodes: list[Node] = []
        self._asleep = self._is_complete = False
        self._known: dict[str, dict[int, Step]] = {}  # by task, by what came before
        self.classes = Classes()

    @property
    def doubt(self) -> str:
        """Why a completed search claims nothing; empty if it does."""
        return TORN if self.classes.torn else ""

    @property
    def covered(self) -> str:
        """What a completed search has explored, in words."""
        return f"every trace class{weaker(self._relative)}"

    @property
    def relative(self) -> tuple[str, ...]:
        """What the claim of a completed search is relative to; empty if it is a proof."""
        return tuple(self._relative)

    def known(self) -> tuple[str, ...]:
        """Return what a completed search has shown; nothing before, or if there is doubt."""
        if not self._is_complete or self.doubt:
            return ()
        count = len(self.classes)  # an execution that slept may have met one that none else did
        classes = f"all {count:,} trace classes" if count > 1 else "the only trace class"
        told = f"{classes} explored{weaker(self._relative)}"
        return (sentence(self.relative), told) if self._relative else (told,)

    def begin(self) -> bool:
        """Go back to the deepest state with a branch left; False when there is none."""
        if self.executions and not self._backtrack():
            self._is_complete = True
            return False
        self.executions += 1
        self._done = 0
        self._asleep = self._surprised = False
        self._doubtful: list[Cover] = []
        self._orphans: list[Cover] = []
        if not self._nodes:
            self._nodes.append(Node({}, []))
        return True

    def _backtrack(self) -> bool:
        while self._nodes:
            node = self._nodes[-1]
            if node.taken is not None:
                node.sleep[node.taken.task] = node.taken
                self._prune(node, node.taken)
                node.taken = None
            if node.tree:
                return True
            self._nodes.pop()
        return False

    def _prune(self, node: Node, sleeper: Step) -> None:
        """Drop the branches that turn out to be covered now that ``sleeper`` is explored."""
        key = None if sleeper.key is None else node.key + sleeper.key
        orphans: list[Cover] = []
        node.tree = [b for b in node.tree if not self._covered(b, sleeper, key, orphans)]
        for depth, _, sequence in orphans:
            self._reverse(depth, list(sequence))

    def _covered(
        self, branch: Branch, sleeper: Step, key: int | None, orphans: list[Cover]
    ) -> bool:
        step = self._seen(branch.step, key)
        begins = branch.step.task == sleeper.task
        if not begins and conflict(step.touches, sleeper.touches):
            return False
        if begins or not branch.children:
            orphans += leaves_cover(branch)
            return True
        after = None if key is None or step.key is None else key + step.key
        branch.children = [
            child for child in branch.children if not self._covered(child, sleeper, after, orphans)
        ]
        return not branch.children

    def _seen(self, step: Step, key: int | None) -> Step:
        """Return ``step`` as it was when executed after the class ``key``; a guess if it was not.

        What an event touches may hang on what it reads, so on what came before it.
        """
        return step if key is None else self._known.get(step.task, {}).get(key, step)

    def choose(self, point: ChoicePoint) -> int:
        """Follow the plan, then the wakeup tree, then the first task that does not sleep."""
        if point.kind != "task":
            self._relative[DRAWS] = None
            return 0
        self._catch_up(point.events)
        paths = [task.path for task in point.tasks]
        node = self._nodes[self._done]
        if paths != node.options:
            self._meet(node, paths)
        if node.taken is not None:
            return paths.index(node.taken.task)
        while node.tree and node.tree[0].step.task not in paths:
            self._bar(node)
        if node.tree:
            return paths.index(node.tree[0].step.task)
        for index, path in enumerate(paths):
            if path not in node.sleep:
                return index
        self._asleep = True
        return 0

    @staticmethod
    def _meet(node: Node, paths: list[str]) -> None:
        """Note which tasks can go on; raise unless they could in each execution that was here."""
        before = node.options or paths
        node.options = paths
        gone, come = sorted(set(before) - set(paths)), sorted(set(paths) - set(before))
        if gone:
            told = f"{gone[0]} could run here in an earlier execution, and cannot now"
            raise NotDeterministic(f"dpor: {told}")
        if come:
            told = f"{come[0]} can run here, and could not in an earlier execution"
            raise NotDeterministic(f"dpor: {told}")

    def _bar(self, node: Node) -> None:
        """Give up the branch that was to be explored first: its task cannot go on here.

        Something holds the task back that no access tells of. To ask for it again would repeat an
        execution; what the branch was to cover as well is looked at once this one has ended.
        """
        branch = node.tree.pop(0)
        node.barred.add(branch.step.task)
        self._relative[f"something that is not observed holds {branch.step.task} back"] = None
        self._orphans += leaves_cover(branch)

    def _catch_up(self, events: Sequence[Event]) -> None:
        for event in events[self._done :]:
            self._advance(Step(intern(event.task), footprint(event)))

    def _advance(self, step: Step) -> None:
        """Enter the state after ``step``, with its sleep set and its wakeup tree."""
        node = self._nodes[self._done]
        self._done += 1
        if node.taken is not None:
            node.taken = step
            return  # on the replayed prefix: the next node is already there
        subtree: list[Branch] = []
        while node.tree and node.tree[0].step.task != step.task:
            self._bar(node)  # nobody else could go on, so that there was no choice
        if node.tree:
            branch = node.tree.pop(0)
            subtree = branch.children
            self._doubts(branch, step)
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

    def _doubts(self, branch: Branch, step: Step) -> None:
        """Note what ``branch`` was to cover, once an event on the way did not do as foreseen."""
        self._surprised = self._surprised or step.touches != branch.step.touches
        if self._surprised:
            self._doubtful += branch.covers

    def end(self, run: Run) -> None:
        """Put the reversal of every race of the run into the wakeup tree where it belongs."""
        self._catch_up(run.events)
        del self._nodes[len(run.events) :]
        self._relative.update(dict.fromkeys(relative_to(run)))
        relation = order(run.events)
        keys = event_keys(run.events)
        is_new = self.classes.add(shown(run))
        self.blocked += self._asleep or not is_new
        steps = self._remember(keys)
        for first, second in relation.races:
            after = [
                k
                for k in range(first + 1, len(steps))
                if k != second and not relation.past[k] >> first & 1
            ]
            self._reverse(first, [steps[k] for k in (*after, second)])
        for depth, leaf, sequence in self._doubtful:
            self._look_again(depth, leaf, list(sequence))
        for depth, _, sequence in self._orphans:
            self._reverse(depth, list(sequence))
        if __debug__:
            validate(self._nodes)

    def _look_again(self, depth: int, leaf: int, sequence: list[Step]) -> None:
        """Ask once more whether the branch just taken covers ``sequence``."""
        while depth < leaf and sequence:
            node = self._nodes[depth]
            assert node.taken is not None
            if not self._can_begin(node.taken, sequence, node.key):
                self._reverse(depth, sequence)
                return
            drop_first(sequence, node.taken.task)
            depth += 1

    def _reverse(self, depth: int, sequence: list[Step]) -> None:
        """See to it that ``sequence`` is explored from that state, unless it is covered."""
        node = self._nodes[depth]
        sleepers = node.sleep.values()
        if sequence and sequence[0].task in node.barred:
            return
        if not any(self._can_begin(sleeper, sequence, node.key) for sleeper in sleepers):
            self._insert(depth, sequence)

    def _remember(self, keys: Sequence[int]) -> list[Step]:
        """Note what each event of the run touched after what; return the run as steps."""
        steps, key = [], 0
        for node, event_key in zip(self._nodes, keys, strict=True):
            assert node.taken is not None
            node.key = key
            step = replace(node.taken, key=event_key)
            known = self._known.setdefault(step.task, {}).setdefault(key, step)
            node.taken = known if known == step else step  # most are kept once for many runs
            steps.append(node.taken)
            key += event_key
        return steps

    def _can_begin(self, step: Step, sequence: list[Step], key: int) -> bool:
        """Return whether ``step`` is a weak initial: some equivalent sequence begins with it."""
        after = None if step.key is None else key + step.key
        for other in sequence:
            if other.task == step.task:
                return True
            seen = self._seen(other, after)
            if conflict(step.touches, seen.touches):
                return False
            after = None if after is None or seen.key is None else after + seen.key
        return True

    def _insert(self, depth: int, sequence: list[Step]) -> None:
        """Add ``sequence`` to the wakeup tree, unless a branch of it covers the sequence."""
        tree, key, whole = self._nodes[depth].tree, self._nodes[depth].key, tuple(sequence)
        leaf = depth
        while True:
            covering = [b for b in tree if self._can_begin(b.step, sequence, key)]
            if not covering:
                break
            tree, leaf = covering[0].children, leaf + 1
            drop_first(sequence, covering[0].step.task)
            if not tree or not sequence:
                covering[0].covers.append((depth, leaf, whole))
                return
        for step in sequence:
            tree.append(branch := Branch(replace(step, key=None)))
            tree = branch.children

"""PCT: random priorities with a few random change points, and a bound on what is missed."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random as Generator
from typing import ClassVar

from raceexplore import BadOption, ChoicePoint, Run
from raceexplore.toolbox import derive

ALL_BUT_SURE = 0.95  # a bound above it would be told as 1, and tells nothing


@dataclass
class PCT:
    """Hit any bug of depth 2 with probability at least 1/(n k) a run, deeper ones more rarely.

    The paper's bound for depth d is 1/(n k^(d-1)). A task is demoted after its contested step, as
    in the paper's algorithm, so that no change point can hold back a task's first event: orders
    that need it (three tasks or more, d >= 3) may never be seen. Other schedulers see them.
    depth: the number d of ordering constraints (0: estimated, the largest of 2, 3, 4 for which
        n k^(d-1) stays under 10,000). length: the number k of contested steps (0: the most seen
        in earlier runs; the first run then has no change points). fair: past this many times the
        length, plus 1,000, choose uniformly, so that a spinning task cannot starve the others.
    Source: Burckhardt, Kothari, Musuvathi, Nagarakatte, ASPLOS 2010, section 2: change points
    independent and unsorted; a task demoted by change point i gets priority i, so that a later
    demotion may end above an earlier one; late tasks rank among the undemoted.
    """

    depth: int = 0
    length: int = 0
    fair: int = 4
    entropy: int = 0

    is_drawn: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.depth < 0 or self.length < 0 or self.fair < 1:
            raise BadOption("pct: depth and length must not be negative, fair at least 1")
        self.next_run = self._sure = 0
        self._blocks = False
        self._particular = ""  # what a bug must not need for the bound to hold
        self.knowledge = 0, 0  # the most contested steps of a run, and the most tasks
        self._generator = Generator()

    def begin(self) -> bool:
        """Draw the change points of run i from (entropy, i) and what was measured before."""
        self._run_entropy = derive(self.entropy, self.next_run)
        self._generator.seed(self._run_entropy)
        self.next_run += 1
        self._steps, self._draws = 0, False
        self._priorities: dict[int, float] = {}
        longest, tasks = self.knowledge
        length = self._length = self.length or longest
        depth = self._chosen_depth(length, tasks) if length else 1
        self._depth = depth
        self._change: dict[int, float] = {}
        for i in range(1, depth):  # independent and unsorted; all below the undemoted
            self._change[1 + int(self._generator.random() * length)] = i / depth
        self._fair_until = self.fair * length + 1000
        return True

    def _chosen_depth(self, length: int, tasks: int) -> int:
        if self.depth:
            return self.depth
        fits = [d for d in (3, 4) if tasks * length ** (d - 1) <= 10_000]
        return max(fits, default=2)

    def choose(self, point: ChoicePoint) -> int:
        """Return the enabled task of highest priority."""
        if point.kind != "task":
            self._draws = True
            return point.keyed(self._run_entropy)
        self._steps += 1
        if self._steps > self._fair_until:
            return int(self._generator.random() * point.bound)
        serials = [task.serial for task in point.tasks]
        priorities = self._priorities
        for serial in serials:
            if serial not in priorities:
                priorities[serial] = 1.0 + self._generator.random()
        best = max(serials, key=priorities.__getitem__)
        demoted = self._change.get(self._steps)
        if demoted is not None:  # from the next choice on
            priorities[best] = demoted
        return serials.index(best)

    def end(self, run: Run) -> None:
        """Learn from the run."""
        self.study(self.lesson(run))

    def lesson(self, run: Run) -> tuple[int, int, int, int, bool]:
        """Return steps and tasks of the run, the depth and length it was for, and if it drew.

        The steps are negative if a task had to wait: the bound is proved for change points at any
        event, and here none falls on an event at which nobody else could go on.
        """
        steps = -self._steps if run.blocked else self._steps
        return steps, len(self._priorities), self._depth, self._length, self._draws

    def study(self, lesson: tuple[int, int, int, int, bool]) -> None:
        """Remember the length and the number of tasks; count the runs that the bound holds for."""
        steps, tasks, depth, drawn_for, draws = lesson
        self._blocks = self._blocks or steps < 0
        steps = abs(steps)
        if draws:
            self._particular = " that needs no particular draws"
        longest, most = self.knowledge
        length = self.length or longest
        if steps > length or tasks > most:
            self._sure = 0
        elif drawn_for == length:
            self._sure += depth == 2
        self.knowledge = max(longest, steps), max(most, tasks)

    def known(self) -> tuple[str, ...]:
        """Return what the runs have shown, provided that none has failed.

        Nothing where tasks wait for one another. Counts only runs with one change point whose
        number of steps and tasks was foreseen.
        """
        longest, n = self.knowledge
        k = self.length or longest
        if self._blocks or not self._sure or n * k < 2:
            return ()
        missed = (1 - 1 / (n * k)) ** self._sure
        if missed > ALL_BUT_SURE:
            return ()
        bug = f"a bug of depth 2{self._particular}"
        chance = f"{bug} would have been missed with probability at most {missed:.1g}"
        return (f"{chance} (n = {n}, k = {k}, {self._sure:,} PCT runs)",)

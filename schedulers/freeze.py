"""Freeze: stall one task at a time for a while, and let the others walk at random meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random as Generator
from typing import ClassVar

from raceexplore import BadOption, ChoicePoint, Run
from raceexplore.toolbox import derive


@dataclass
class Freeze:
    """Starve one task after the other, each for 2^j choices with j uniform from 0 to ``longest``.

    In half of the windows nobody is frozen. A frozen task goes on only if nobody else can; the
    clock of elastic time can be frozen too. No guarantee; made for bugs that need one task
    to stall for long: time-outs, leases, cancellation.
    Source: rr's chaos mode (O'Callahan, 2016), whose starvation windows are log-uniform too.
    """

    longest: int = 7
    entropy: int = 0

    is_drawn: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0 <= self.longest <= 30:
            raise BadOption(f"freeze: longest must be from 0 to 30, not {self.longest}")
        self.next_run = 0
        self._generator = Generator()
        self._draw = self._generator.random

    def begin(self) -> bool:
        """Seed run i from (entropy, i) alone."""
        self._run_entropy = derive(self.entropy, self.next_run)
        self._generator.seed(self._run_entropy)
        self.next_run += 1
        self._left = 0
        self._frozen: int | None = None
        return True

    def choose(self, point: ChoicePoint) -> int:
        """Return any index but that of the frozen task."""
        if point.kind != "task":
            return point.keyed(self._run_entropy)
        tasks = point.tasks
        if self._left == 0:
            self._left = 1 << int(self._draw() * (self.longest + 1))
            victim = tasks[int(self._draw() * point.bound)].serial
            self._frozen = victim if self._draw() < 0.5 else None
        self._left -= 1
        free = [i for i, task in enumerate(tasks) if task.serial != self._frozen]
        return free[int(self._draw() * len(free))]

    def end(self, run: Run) -> None:
        """Nothing to learn."""

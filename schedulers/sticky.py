"""Sticky random walk: stay on the current task, and now and then go to any other."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random as Generator
from typing import ClassVar

from raceexplore import BadOption, ChoicePoint, Run
from raceexplore.toolbox import derive


@dataclass
class Sticky:
    """Stay with probability ``stay`` while the current task can go on, else choose uniformly.

    Needs no estimate of the length of a run; beats PCT on some deep bugs.
    Source: Coyote's probabilistic strategy, which switches with probability 1/8.
    """

    stay: float = 0.85
    entropy: int = 0

    is_drawn: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0 <= self.stay < 1:
            raise BadOption(f"sticky: stay must be at least 0 and below 1, not {self.stay}")
        self.next_run = 0
        self._generator = Generator()
        self._draw = self._generator.random

    def begin(self) -> bool:
        """Seed run i from (entropy, i) alone."""
        self._run_entropy = derive(self.entropy, self.next_run)
        self._generator.seed(self._run_entropy)
        self.next_run += 1
        return True

    def choose(self, point: ChoicePoint) -> int:
        """Return 0 with probability ``stay``, else any other index."""
        if point.kind != "task":
            return point.keyed(self._run_entropy)
        if not point.continues:
            return int(self._draw() * point.bound)
        if self._draw() < self.stay:
            return 0
        return 1 + int(self._draw() * (point.bound - 1))

    def end(self, run: Run) -> None:
        """Nothing to learn."""

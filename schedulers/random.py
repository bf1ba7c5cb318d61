"""Random walk: every enabled task is as likely as any other, at every choice point."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random as Generator

from raceexplore import ChoicePoint, Run, derive


@dataclass
class Random:
    """Uniform choice at every point: a schedule has probability prod 1/|enabled|.

    Source: the baseline of every paper in the field; see docs/schedulers.md.
    """

    entropy: int = 0

    def __post_init__(self) -> None:
        self._runs = 0
        self._generator = Generator()
        self._draw = self._generator.random

    def begin(self) -> bool:
        """Seed run i from (entropy, i) alone."""
        self._run_entropy = derive(self.entropy, self._runs)
        self._generator.seed(self._run_entropy)
        self._runs += 1
        return True

    def choose(self, point: ChoicePoint) -> int:
        """Return any index below the bound."""
        if point.kind == "task":
            return int(self._draw() * point.bound)
        return point.keyed(self._run_entropy)

    def end(self, run: Run) -> None:
        """Nothing to learn."""

"""Random walk: every enabled task is as likely as any other, at every choice point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from raceexplore import ChoicePoint, Run
from raceexplore.toolbox import derive, draws


@dataclass
class Random:
    """Uniform choice at every point: a schedule has probability prod 1/|enabled|.

    Source: the baseline of every paper in the field; see docs/schedulers.md.
    """

    entropy: int = 0

    is_drawn: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self.next_run = 0

    def begin(self) -> bool:
        """Start run i from (entropy, i) alone."""
        self._draws = draws(self.entropy, self.next_run)
        self._run_entropy: int | None = None
        self.next_run += 1
        return True

    def choose(self, point: ChoicePoint) -> int:
        """Return any index below the bound."""
        if point.kind == "task":
            return next(self._draws) * point.bound >> 32
        if self._run_entropy is None:  # as all schedulers derive it, so that data do not change
            self._run_entropy = derive(self.entropy, self.next_run - 1)
        return point.keyed(self._run_entropy)

    def end(self, run: Run) -> None:
        """Nothing to learn."""

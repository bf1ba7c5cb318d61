"""Round robin: every task in turn, a fixed number of events each."""

from __future__ import annotations

from dataclasses import dataclass

from raceexplore import BadOption, ChoicePoint, Run


@dataclass
class RoundRobin:
    """Run i gives each task ``quantum + i`` events in a row; complete once nobody is cut short.

    A cheap first look: the fairest schedule first, the most sequential one last.
    """

    quantum: int = 1

    def __post_init__(self) -> None:
        if self.quantum < 1:
            raise BadOption(f"roundrobin: quantum must be at least 1, not {self.quantum}")
        self._current = self.quantum - 1
        self._cut_short = True

    @property
    def covered(self) -> str:
        """What a completed search has explored, in words."""
        return f"the round robins of {self.quantum} to {self._current - 1} events a turn"

    def begin(self) -> bool:
        """Lengthen the quantum; False once the last run did not need it."""
        self._current += 1
        self._used = 0
        going_on, self._cut_short = self._cut_short, False
        return going_on

    def choose(self, point: ChoicePoint) -> int:
        """Return 0 while the quantum lasts, else the task that has waited longest."""
        if point.kind != "task":
            return 0
        if not point.continues:
            self._used = 1
            return 0
        if self._used < self._current:
            self._used += 1
            return 0
        self._used = 1
        self._cut_short = True
        return 1

    def end(self, run: Run) -> None:
        """Nothing to learn."""

"""How many schedules have few preemptions: an estimate from the default one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from raceexplore.kernel.choice import TIMES

if TYPE_CHECKING:
    from raceexplore.kernel.choice import ChoicePoint
    from raceexplore.kernel.outcome import Run


class Orders:
    """Take the default schedule, and count what else could have been taken.

    Other latencies do not count. Right where the number of options does not hang on what was
    chosen before. Source: Knuth, "Estimating the efficiency of backtrack programs", 1975.
    """

    def begin(self) -> bool:
        """Count from the start."""
        self._free, self._preempting = 1, 0
        return True

    def choose(self, point: ChoicePoint) -> int:
        """Return 0."""
        if point.kind == "task" and point.continues:
            self._preempting += point.bound - 1
        elif point.kind not in TIMES:
            self._free *= point.bound
        return 0

    def end(self, run: Run) -> None:
        """Nothing to learn."""

    def with_at_most(self, preemptions: int) -> int:
        """Return about how many schedules have at most that many preemptions."""
        return self._free * int((1 + self._preempting) ** preemptions)


class Size:
    """Take the default schedule, and foresee how many there are from what else it could have been.

    Other latencies do not count. Source: Knuth, "Estimating the efficiency of backtrack programs",
    1975, with one path: the product of the numbers of options.
    """

    def __init__(self) -> None:
        self.foreseen = 1

    def begin(self) -> bool:
        """Count from the start."""
        self.foreseen = 1
        return True

    def choose(self, point: ChoicePoint) -> int:
        """Return 0."""
        if point.kind not in TIMES:
            self.foreseen *= point.bound
        return 0

    def end(self, run: Run) -> None:
        """Nothing to learn."""

"""Every schedule with few task deviations, the fewest first; the draws stay as they are."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from raceexplore.kernel.choice import Schedule
from raceexplore.kernel.scheduler import Replay
from raceexplore.toolbox.frontier import Frontier

if TYPE_CHECKING:
    from collections.abc import Iterable

    from raceexplore.kernel.choice import ChoicePoint, Deviation
    from raceexplore.kernel.outcome import Run


class Fewest:
    """Visit each order of the tasks with at most ``most`` deviations once, the fewest first.

    draws: the deviations of latencies, faults and data that every run takes where it can.
    """

    def __init__(self, most: int, draws: Iterable[Deviation] = ()) -> None:
        self._frontier = Frontier(most)
        self._draws = Replay(Schedule(tuple(draws)))

    def begin(self) -> bool:
        """Go on to the next order; False once all are done."""
        self._draws.begin()
        return self._frontier.begin()

    def choose(self, point: ChoicePoint) -> int:
        """Return the next order's choice."""
        if point.kind != "task":
            return self._draws.choose(point)
        return self._frontier.choose(_prices(point.bound))

    def end(self, run: Run) -> None:
        """Note which orders extend the one that has ended."""
        self._frontier.end()


@cache
def _prices(bound: int) -> bytes:
    """Return what each option costs: the same object each time, to be kept by the thousand."""
    return bytes([0, *[1] * (bound - 1)])

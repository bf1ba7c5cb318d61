"""ICB: all schedules with no preemption, then all with one, with two, and so on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from raceexplore import ChoicePoint, Run
from raceexplore.toolbox import Frontier


@dataclass
class ICB:
    """Visit every schedule exactly once, in the order of its number of preemptions.

    bound: the most preemptions (-1: go on until every schedule is done). latencies: enumerate
        latencies too, instead of keeping each at its median. Data and faults are enumerated and
        cost nothing. Letting time pass while a task can run (elastic time) counts as a
        preemption; so does going on with a task that has to give way, or else a polling loop
        would have endless schedules without one. A switch away from it is free.
    ``finished`` is the number of preemptions up to which every schedule has been run (-1: none),
    so that the first failure has the fewest preemptions that any failure has.
    Source: Musuvathi and Qadeer, Iterative Context Bounding, PLDI 2007, section 3.
    """

    looks_ahead: ClassVar[bool] = True  # what comes next is known before the last runs are
    knowledge: ClassVar[None] = None  # a turn says it all

    bound: int = -1
    latencies: bool = False

    def __post_init__(self) -> None:
        unit, latencies = "preemption", self.latencies
        self._frontier = Frontier(self.bound, of="icb", unit=unit, latencies=latencies)

    @property
    def covered(self) -> str:
        """What a completed search has explored, in words."""
        return self._frontier.covered

    @property
    def finished(self) -> int:
        """The number of preemptions up to which every schedule has been run; -1 for none."""
        return self._frontier.finished

    def known(self) -> tuple[str, ...]:
        """Return what the runs have shown, provided that none has failed."""
        if self.finished < 0:
            return ()
        frontier = self._frontier
        return (f"no failing schedule with {frontier.at_most(self.finished)}{frontier.medians}",)

    def begin(self) -> bool:
        """Go on to the next schedule; False once the bound is finished."""
        return self._frontier.begin()

    def choose(self, point: ChoicePoint) -> int:
        """Return the next schedule's choice."""
        if point.kind != "task":
            return self._frontier.draw(point)
        tasks = point.tasks
        dear = int(tasks[-1].serial < 0)  # how many options at the end cost 1: the clock,
        if not point.continues and tasks[-1 - dear].path == point.at[0]:
            dear += 1  # and the task that has to give way, which waits behind all others
        return self._frontier.choose(_prices(point.bound, int(point.continues), dear))

    def end(self, run: Run) -> None:
        """Note which schedules extend the one that has ended."""
        self._frontier.end()

    def turn(self) -> Any:
        """Return the choices that make the run that has begun."""
        return self._frontier.turn()

    def take(self, turn: Any) -> None:
        """Begin that run."""
        self._frontier.take(turn)

    def lesson(self, run: Run) -> Any:
        """Return what the choices of the run cost."""
        return self._frontier.lesson()

    def study(self, lesson: Any) -> None:
        """Note which schedules extend the run, the oldest of those not studied."""
        self._frontier.study(lesson)


@cache
def _prices(bound: int, switch: int, dear: int) -> bytes:
    """Return what each option costs: the same object each time, to be kept by the thousand."""
    return bytes([0, *[switch] * (bound - 1 - dear), *[1] * dear])

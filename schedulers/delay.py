"""Delay bounding: the round-robin order, then every order that skips one task once, and so on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from raceexplore import ChoicePoint, Run, TaskInfo
from raceexplore.toolbox import Frontier


@dataclass
class Delay:
    """Visit every schedule exactly once, in the order of its number of delays.

    The base order is deterministic: the current task goes on until it blocks or ends, then the
    next one in the order of spawning, round and round. A delay skips one enabled task in it. With
    k choices there are at most k^D / D! or so schedules of D delays, however many tasks there are.
    bound: the most delays (-1: go on until every schedule is done). latencies: enumerate
        latencies too, instead of keeping each at its median. Data and faults cost nothing; the
        clock of elastic time comes last.
    ``finished`` is the number of delays up to which every schedule has been run (-1: none).
    Source: Emmi, Qadeer, Rakamaric, Delay-Bounded Scheduling, POPL 2011, section 2.
    """

    looks_ahead: ClassVar[bool] = True  # what comes next is known before the last runs are
    knowledge: ClassVar[None] = None  # a turn says it all

    bound: int = -1
    latencies: bool = False

    def __post_init__(self) -> None:
        unit, latencies = "delay", self.latencies
        self._frontier = Frontier(self.bound, of="delay", unit=unit, latencies=latencies)

    @property
    def covered(self) -> str:
        """What a completed search has explored, in words."""
        return self._frontier.covered

    @property
    def finished(self) -> int:
        """The number of delays up to which every schedule has been run; -1 for none."""
        return self._frontier.finished

    def begin(self) -> bool:
        """Go on to the next schedule; False once the bound is finished."""
        self._serials: dict[str, int] = {}
        return self._frontier.begin()

    def choose(self, point: ChoicePoint) -> int:
        """Return the next schedule's choice."""
        if point.kind != "task":
            return self._frontier.draw(point)
        order = self._round_robin(point, point.tasks)
        return order[self._frontier.choose(_prices(point.bound))]

    def _round_robin(self, point: ChoicePoint, tasks: list[TaskInfo]) -> list[int]:
        """Return the options in the base order, starting at the task that ran last."""
        for task in tasks:
            self._serials[task.path] = task.serial
        # one that had to give way, for fairness, is an option too: then its successor is first
        start = self._serials.get(point.at[0], -1) + (not point.continues)

        def place(index: int) -> tuple[bool, bool, int]:
            serial = tasks[index].serial
            return serial < 0, serial < start, serial

        return sorted(range(len(tasks)), key=place)

    def end(self, run: Run) -> None:
        """Note which schedules extend the one that has ended."""
        self._frontier.end()

    def turn(self) -> Any:
        """Return the choices that make the run that has begun."""
        return self._frontier.turn()

    def take(self, turn: Any) -> None:
        """Begin that run."""
        self._serials = {}
        self._frontier.take(turn)

    def lesson(self, run: Run) -> Any:
        """Return what the choices of the run cost."""
        return self._frontier.lesson()

    def study(self, lesson: Any) -> None:
        """Note which schedules extend the run, the oldest of those not studied."""
        self._frontier.study(lesson)


@cache
def _prices(bound: int) -> bytes:
    """Return what each option costs: the same object each time, to be kept by the thousand."""
    return bytes(min(i, 255) for i in range(bound))

"""Nearby: schedules that differ from a failing one in a few choices."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from raceexplore.kernel.fence.chance import derive

if TYPE_CHECKING:
    from raceexplore.kernel.choice import ChoicePoint, Deviation, Schedule
    from raceexplore.kernel.outcome import Run
    from raceexplore.search.what_if.gate import Gate

DROPPED = 1 / 6  # of the deviations, in each run
NOISE = (0.0, 0.05, 0.15, 0.4)  # how often a run takes any other option, by turns


class Nearby:
    """A scheduler whose runs follow ``schedule`` and deviate from it here and there.

    gate: what splits events in two, so that they are counted without it: a deviation after an
    event that is split is one after each of its parts.
    """

    def __init__(self, schedule: Schedule, gate: Gate) -> None:
        self.schedule, self.gate = schedule, gate
        self._runs = 0

    def begin(self) -> bool:
        """Choose what of the schedule is kept in this run, and how often it is left."""
        self._random = Random(derive(0, self._runs))
        self._noise = NOISE[self._runs % len(NOISE)]
        self._kept: dict[tuple[str, str, int], Deviation] = {}
        for deviation in self.schedule.deviations:
            if self._random.random() >= DROPPED:
                self._kept.setdefault(deviation[:3], deviation)
        self._runs += 1
        return True

    def choose(self, point: ChoicePoint) -> int:
        """Return what the schedule says, or now and then anything."""
        if self._noise and point.kind != "tie" and self._random.random() < self._noise:
            return int(self._random.random() * point.bound)
        if point.kind != "task":
            drawn = self._kept.get((point.kind, point.label, point.ordinal))
            return int(drawn.take) if drawn and int(drawn.take) < point.bound else 0
        deviation = self._kept.get(("task", *self._at(point)))
        if deviation is not None:
            for index, task in enumerate(point.tasks):
                if task.path == deviation.take:
                    return index
        return 0

    def _at(self, point: ChoicePoint) -> tuple[str, int]:
        """Return the task that ran last and the number of its events, split ones counted once."""
        path, count = point.at
        gate = self.gate
        return path, count - gate.splits.get(path, 0) + (gate.split == path)

    def end(self, run: Run) -> None:
        """Nothing to learn."""

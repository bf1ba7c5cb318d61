"""What chooses: the Scheduler protocol, with Replay as its reference implementation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from raceexplore.kernel.choice import Schedule

if TYPE_CHECKING:
    from raceexplore.kernel.choice import ChoicePoint, Deviation
    from raceexplore.kernel.outcome import Run


class Scheduler(Protocol):
    """Three methods; a scheduler that is a dataclass gets its options from its fields."""

    def begin(self) -> bool:
        """Get ready for the next run; False means there is nothing left to explore."""
        ...

    def choose(self, point: ChoicePoint) -> int:
        """Return an index below ``point.bound``."""
        ...

    def end(self, run: Run) -> None:
        """Learn from the run that just ended."""
        ...


class Replay:
    """Follow ``schedule``; wherever it says nothing, take the neutral option.

    After the run, ``skipped`` lists the deviations that could not be taken.
    """

    def __init__(self, schedule: Schedule = Schedule()) -> None:  # noqa: B008 a frozen value
        self._tasks: dict[tuple[str, int], Deviation] = {}
        self._draws: dict[tuple[str, str, int], Deviation] = {}
        for deviation in schedule.deviations:
            if deviation.kind == "task":
                self._tasks.setdefault((deviation.at, deviation.nth), deviation)
            else:
                key = (deviation.kind, deviation.at, deviation.nth)
                self._draws.setdefault(key, deviation)
        self._schedule = schedule
        self._taken: set[Deviation] = set()

    @property
    def skipped(self) -> tuple[Deviation, ...]:
        """The deviations that this replay has not (yet) taken."""
        return tuple(d for d in self._schedule.deviations if d not in self._taken)

    def begin(self) -> bool:
        """Start over."""
        self._taken = set()
        return True

    def choose(self, point: ChoicePoint) -> int:
        """Return the recorded index, or 0."""
        if point.kind == "task":
            if not self._tasks:
                return 0
            deviation = self._tasks.get(point.at)
            index = 0 if deviation is None else self._index(point, str(deviation.take))
        else:
            deviation = self._draws.get((point.kind, point.label, point.ordinal))
            index = 0 if deviation is None else int(deviation.take)
            index = index if index < point.bound else 0
        if index and deviation is not None:
            self._taken.add(deviation)
        return index

    @staticmethod
    def _index(point: ChoicePoint, path: str) -> int:
        for index, task in enumerate(point.tasks):
            if task.path == path:
                return index
        return 0

    def end(self, run: Run) -> None:
        """Nothing to learn."""

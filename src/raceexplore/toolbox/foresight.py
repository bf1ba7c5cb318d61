"""Foresight: what a task's next event will touch, learnt from earlier runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from raceexplore.kernel.choice import CLOCK
from raceexplore.kernel.events.footprint import conflict, footprint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from raceexplore.kernel.choice import ChoicePoint
    from raceexplore.kernel.events.footprint import Footprint
    from raceexplore.kernel.names import TaskInfo
    from raceexplore.kernel.outcome import Run


class Foresight:
    """Remembers the last footprint seen at each (task path, await site, number of the event).

    A loop passes the same site with every turn: the number tells them apart. Where that number
    was never seen, the last footprint seen at (task path, await site) is returned. A guess, good
    enough to sample by: the next event at that place may take another branch.
    It is learnt from recorded runs, for which a scheduler sets ``observes = True``. In other runs,
    which know no sites, what an event touches and has touched is guessed by its number alone.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], Footprint] = {}
        self._exact: dict[tuple[str, str, int], Footprint] = {}
        self._nth: dict[tuple[str, int], Footprint] = {}
        self.begin()

    def begin(self) -> None:
        """Get ready for the next run."""
        self._done = 0
        self._progress: dict[str, int] = {}  # events done so far, by path,
        self._counted: dict[int, int] = {}  # and by serial, to pass over those that did nothing

    def learn(self, run: Run) -> None:
        """Remember what each event of ``run`` has touched."""
        sites: dict[str, str] = {}
        for event in run.events:
            site = sites.get(event.task, event.task)
            touched = footprint(event)
            self._seen[event.task, site] = touched
            self._exact[event.task, site, event.nth - 1] = touched
            self._nth[event.task, event.nth - 1] = touched
            sites[event.task] = str(event.end)

    def expected(self, task: TaskInfo) -> Footprint | None:
        """Return what the next event of ``task`` is likely to touch; None if nothing is known."""
        if not task.site:
            return self._nth.get((task.path, task.steps))
        exact = self._exact.get((task.path, task.site, task.steps))
        return self._seen.get((task.path, task.site)) if exact is None else exact

    def executed(
        self, point: ChoicePoint, tasks: Sequence[TaskInfo]
    ) -> list[tuple[str, Footprint | None]]:
        """Return (task path, what it touched) of each event since the last call in this run.

        tasks: those of ``point``. In a run that is not recorded both are guesses.
        """
        events = point.events
        if events:
            new, self._done = events[self._done :], len(events)
            return [(event.task, footprint(event)) for event in new]
        last, count = point.at
        counted, found = self._counted, []
        for task in tasks:
            if counted.get(task.serial, 0) != task.steps:
                counted[task.serial] = task.steps
                found += self._since(task.path, task.steps)
        return found + self._since(last, count)  # it may have ended, or wait for something

    def _since(self, path: str, steps: int) -> list[tuple[str, Footprint | None]]:
        """Return what the events of a task, now ``steps``, have touched since the last call."""
        before = self._progress.get(path, 0)
        self._progress[path] = steps
        if path == CLOCK:
            return []
        return [(path, self._nth.get((path, nth))) for nth in range(before, steps)]

    @staticmethod
    def conflict(one: Footprint | None, other: Footprint | None) -> bool:
        """Return whether two events may not commute; the unknown conflicts with everything."""
        return one is None or other is None or conflict(one, other)

"""Foresight: what a task's next event will touch, learnt from earlier runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from raceexplore.kernel.order import conflict, footprint

if TYPE_CHECKING:
    from raceexplore.kernel.names import TaskInfo
    from raceexplore.kernel.order import Footprint
    from raceexplore.kernel.outcome import Run


class Foresight:
    """Remembers the last footprint seen at each (task path, await site, number of the event).

    A loop passes the same site with every turn: the number tells them apart. Where that number
    was never seen, the last footprint seen at (task path, await site) is returned. A guess, good
    enough to sample by: the next event at that place may take another branch.
    Needs recorded runs; the scheduler that owns it sets ``observes = True``.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], Footprint] = {}
        self._exact: dict[tuple[str, str, int], Footprint] = {}

    def learn(self, run: Run) -> None:
        """Remember what each event of ``run`` has touched."""
        sites: dict[str, str] = {}
        for event in run.events:
            site = sites.get(event.task, event.task)
            touched = footprint(event)
            self._seen[event.task, site] = touched
            self._exact[event.task, site, event.nth - 1] = touched
            sites[event.task] = str(event.end)

    def expected(self, task: TaskInfo) -> Footprint | None:
        """Return what the next event of ``task`` is likely to touch; None if nothing is known."""
        exact = self._exact.get((task.path, task.site, task.steps))
        return self._seen.get((task.path, task.site)) if exact is None else exact

    @staticmethod
    def conflict(one: Footprint | None, other: Footprint | None) -> bool:
        """Return whether two events may not commute; the unknown conflicts with everything."""
        return one is None or other is None or conflict(one, other)

"""Foresight: what a task's next event will touch, learnt from earlier runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from raceexplore.kernel.order import conflict, footprint

if TYPE_CHECKING:
    from raceexplore.kernel.names import TaskInfo
    from raceexplore.kernel.order import Footprint
    from raceexplore.kernel.outcome import Run


class Foresight:
    """Remembers the last footprint seen at each (task path, await site).

    A guess, good enough to sample by: the next event at that place may take another branch.
    Needs recorded runs; the scheduler that owns it sets ``observes = True``.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], Footprint] = {}

    def learn(self, run: Run) -> None:
        """Remember what each event of ``run`` has touched."""
        sites: dict[str, str] = {}
        for event in run.events:
            site = sites.get(event.task, event.task)
            self._seen[event.task, site] = footprint(event)
            sites[event.task] = str(event.end)

    def expected(self, task: TaskInfo) -> Footprint | None:
        """Return what the next event of ``task`` is likely to touch; None if nothing is known."""
        return self._seen.get((task.path, task.site))

    @staticmethod
    def conflict(one: Footprint | None, other: Footprint | None) -> bool:
        """Return whether two events may not commute; the unknown conflicts with everything."""
        return one is None or other is None or conflict(one, other)

"""Census: how often each task touches each shared place, counted in earlier runs."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from raceexplore.kernel.events.footprint import OPAQUE, WHOLE

if TYPE_CHECKING:
    from raceexplore.kernel.events.footprint import Footprint
    from raceexplore.kernel.events.trace import Event
    from raceexplore.kernel.outcome import Run

Place = tuple[object, object]  # (object, key), as in a footprint; the key `...` is all of it


class Census:
    """Counts, for each place, the events of each task that touch it, by task path.

    places: those that two tasks or more have touched and one has written, with the number of
    events in all, in the order in which they were first seen. Code that nobody observes counts
    as one place. Needs recorded runs.
    """

    def __init__(self) -> None:
        self.places: dict[Place, int] = {}
        self._counts: dict[Place, dict[str, int]] = {}
        self._written: dict[Place, None] = {(OPAQUE, WHOLE): None}

    def learn(self, run: Run) -> None:
        """Count the events of ``run``; one that stopped early can only raise a count.

        What follows an error that ended a failed run is unwinding, and no part of what is done.
        """
        counts: dict[Place, dict[str, int]] = {}
        failed, events = run.outcome == "failed", run.events
        if run.outcome == "passed":
            events = events[:-1]  # the main task's end, which waits for all the others
        for event in takewhile(lambda event: not (failed and event.error), events):
            for place in self._places(event):
                tasks = counts.setdefault(place, {})
                tasks[event.task] = tasks.get(event.task, 0) + 1
        for place, tasks in counts.items():
            if run.outcome != "passed":
                for path, count in self._counts.get(place, {}).items():
                    tasks[path] = max(count, tasks.get(path, 0))
            self._counts[place] = tasks
            if len(tasks) > 1 and place in self._written:
                self.places[place] = sum(tasks.values())

    def _places(self, event: Event) -> list[Place]:
        found: dict[Place, None] = {}
        for access in event.accesses:
            for place in (access.resource, (access.resource[0], WHOLE)):
                found[place] = None
                if access.write:
                    self._written[place] = None
        return [*found, *[(OPAQUE, WHOLE)] * bool(event.opaque)]

    def whole(self, place: Place | None) -> dict[str, int]:
        """Return how many events of each task and of its descendants touch ``place``."""
        total: dict[str, int] = {}
        for path, count in self._counts.get(place, {}).items() if place else ():
            parts = path.split("/")
            for i in range(1, len(parts) + 1):
                above = "/".join(parts[:i])
                total[above] = total.get(above, 0) + count
        return total


def touches(touched: Footprint | None, place: Place | None) -> bool:
    """Return whether an event with that footprint touches ``place``; the unknown does not."""
    if touched is None or place is None or place[0] not in touched.objects:
        return False
    if place[1] is WHOLE or place in touched.read or place in touched.written:
        return True
    return place[0] in touched.whole_read or place[0] in touched.whole_written

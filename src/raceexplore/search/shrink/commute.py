"""Commute: the order of one trace class that needs the fewest switches away from ready tasks."""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from typing import TYPE_CHECKING

from raceexplore.kernel.choice import Deviation
from raceexplore.kernel.events.order import order

if TYPE_CHECKING:
    from collections.abc import Sequence

    from raceexplore.kernel.choice import ChoicePoint
    from raceexplore.kernel.events.trace import Event
    from raceexplore.kernel.outcome import Run

STATES_MAX = 20_000


class InOrder:
    """A scheduler that runs the tasks in a given order of events, as far as they can run.

    draws: the run's decisions that are no task's, which it repeats.
    """

    def __init__(self, events: Sequence[Event], draws: Sequence[Deviation]) -> None:
        self._next = {(one.task, one.nth): other.task for one, other in pairwise(events)}
        self._draws = {(d.kind, d.at, d.nth): int(d.take) for d in draws}

    def begin(self) -> bool:
        """Nothing to prepare."""
        return True

    def choose(self, point: ChoicePoint) -> int:
        """Return the option that the order wants, or 0."""
        if point.kind != "task":
            index = self._draws.get((point.kind, point.label, point.ordinal), 0)
            return index if index < point.bound else 0
        wanted = self._next.get(point.at)
        paths = [task.path for task in point.tasks]
        return paths.index(wanted) if wanted in paths else 0

    def end(self, run: Run) -> None:
        """Nothing to learn."""


def fewest_switches(events: Sequence[Event], *, states_max: int = STATES_MAX) -> list[Event]:
    """Return ``events`` in an equivalent order with the fewest preemptions.

    Exact by 0-1 breadth-first search over (events done, task that ran last), unless it meets
    more than ``states_max`` states; then the order is returned as it is.
    Source: our own; the problem is NP-hard in general
    (Jalbert and Sen, FSE 2010).
    """
    past, own = order(events).past, _own(events)
    everything = (1 << len(events)) - 1
    queue: deque[tuple[int, int, int]] = deque([(0, 0, -1)])  # cost, events done, last event
    best: dict[tuple[int, int], int] = {(0, -1): 0}
    came: dict[tuple[int, int], tuple[int, int]] = {}
    while queue and len(best) <= states_max:
        cost, done, last = queue.popleft()
        if best[done, last] < cost:
            continue
        if done == everything:
            return [events[i] for i in _way(came, (done, last))]
        for i in _enabled(own, past, done):
            stays = last < 0 or events[i].task == events[last].task or not events[last].ready
            state, price = (done | 1 << i, i), cost + (not stays)
            if price < best.get(state, len(events)):
                best[state], came[state] = price, (done, last)
                entry = (price, *state)
                queue.appendleft(entry) if stays else queue.append(entry)
    return list(events)


def _own(events: Sequence[Event]) -> list[int]:
    """Return a mask of the events of each task."""
    own: dict[str, int] = {}
    for i, event in enumerate(events):
        own[event.task] = own.get(event.task, 0) | 1 << i
    return list(own.values())


def _enabled(own: Sequence[int], past: Sequence[int], done: int) -> list[int]:
    """Return the first event of each task that is not done yet and may come now."""
    left = [mask & ~done for mask in own]
    first = sorted((rest & -rest).bit_length() - 1 for rest in left if rest)
    return [i for i in first if past[i] & done == past[i]]


def _way(came: dict[tuple[int, int], tuple[int, int]], state: tuple[int, int]) -> list[int]:
    way = []
    while state in came:
        way.append(state[1])
        state = came[state]
    return way[::-1]

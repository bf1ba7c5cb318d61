"""Deadlines, with ties in the order of registration and not, as in trio, of memory addresses."""

from __future__ import annotations

import heapq
import math
from operator import itemgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import trio

    from raceexplore.kernel.trio_loop.inert import Soon

Entry = tuple[float, int, Any]  # deadline, serial of registration, cancel scope


class Deadlines:
    """The deadlines of a run's cancel scopes, as trio's runner wants to be given them.

    registered: tells the deadline a scope is registered for; an entry of another one is stale.
    cancel: cancels a scope because its deadline has passed.
    """

    __slots__ = ("active", "cancel", "clock", "heap", "registered", "serial", "soon")

    def __init__(
        self,
        clock: trio.abc.Clock,
        soon: Soon,
        registered: Callable[[Any], float],
        cancel: Callable[[Any], None],
    ) -> None:
        self.heap: list[Entry] = []
        self.clock, self.soon = clock, soon
        self.registered, self.cancel = registered, cancel
        self.serial = self.active = 0

    def add(self, deadline: float, scope: Any) -> None:
        """Register ``scope``."""
        self.serial += 1
        self.active += 1
        heapq.heappush(self.heap, (deadline, self.serial, scope))
        if deadline <= self.clock.current_time():
            self.soon.chores.append((self.expire, (deadline,)))
        if len(self.heap) > 2 * self.active + 1000:  # mostly entries that are no longer meant
            self.prune()

    def prune(self) -> None:
        """Drop the entries that are stale, and all but the first of each scope.

        A scope that goes forth and back between two deadlines leaves an entry each time, and those
        of the deadline it ends at all look alive.
        """
        first: dict[Any, Entry] = {}
        for entry in sorted(self.heap, key=itemgetter(0, 1)):
            if entry[0] == self.registered(entry[2]):
                first.setdefault(entry[2], entry)
        self.heap[:] = first.values()  # sorted, so a heap

    def remove(self, deadline: float, scope: Any) -> None:
        """Forget ``scope``; its entry is recognised as stale later."""
        self.active -= 1

    def next_deadline(self) -> float:
        """Return the earliest deadline, or infinity."""
        heap = self.heap
        while heap:
            if heap[0][0] == self.registered(heap[0][2]):
                return heap[0][0]
            heapq.heappop(heap)
        return math.inf

    def pending(self) -> Iterator[Entry]:
        """Yield the entries of the deadlines that are set, in no order."""
        return (entry for entry in self.heap if entry[0] == self.registered(entry[2]))

    def expire(self, now: float) -> bool:
        """Cancel every scope whose deadline is ``now`` or earlier."""
        fired = False
        while self.heap and self.heap[0][0] <= now:
            fired |= self.expire_one()
        return fired

    def expire_one(self) -> bool:
        """Cancel the scope of the first entry, unless it is stale."""
        entry = heapq.heappop(self.heap)
        if entry[0] != self.registered(entry[2]):
            return False
        self.fire(entry)
        return True

    def fire(self, entry: Entry) -> None:
        """Cancel the scope of ``entry``."""
        self.cancel(entry[2])

    def pop_ties(self, deadline: float) -> list[Entry]:
        """Remove and return the live entries of ``deadline``, in the order of registration.

        One for each scope: see `prune`.
        """
        ties: dict[Any, Entry] = {}
        while self.next_deadline() == deadline:
            entry = heapq.heappop(self.heap)
            ties.setdefault(entry[2], entry)
        return list(ties.values())

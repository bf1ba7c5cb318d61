"""What is ready in an asyncio program, or waits for its time, in the order of asyncio's loop."""

from __future__ import annotations

import heapq
from math import inf
from types import MethodType
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.asyncio_loop.actors import CALLBACK, DELIVERY, CallbackActor
from raceexplore.kernel.asyncio_loop.deliveries import rouses

if TYPE_CHECKING:
    from collections.abc import Iterator


class Ready:
    """The ready actors: asyncio's queue, with an edge in it.

    Asyncio's own loop works in turns: it runs what is ready, first in first out, and what that
    makes ready waits for the next turn. ``edge`` actors at the head of the queue belong to this
    turn. Plain callbacks keep their order among themselves, so that the oldest of them alone is an
    option (``callbacks``). A timer whose time has come waits in ``due`` for the end of the turn; a
    callback that posts itself again waits for the next turn, since it waits for the others to do
    something. mark: where in the queue begins what the present event has made ready. asleep: the
    deliveries in the queue that would do nothing (see deliveries.py). roused: by the present event,
    until `woken` has told of them.

    A turn ends: once ``over`` actors of later turns have gone on before those of this one,
    ``fair_after`` of them, the others are waited for. Else a task that polls, as anyio's do for
    their cancellation, could be chosen for ever.
    """

    __slots__ = (
        "asleep", "callbacks", "due", "edge", "fair_after", "mark", "over", "queue", "roused",
    )  # fmt: skip

    def __init__(self, fair_after: int) -> None:
        self.fair_after, self.over = fair_after, 0
        self.queue: list[Any] = []
        self.due: list[Any] = []
        self.callbacks: list[CallbackActor] = []
        self.asleep: list[CallbackActor] = []
        self.roused: list[CallbackActor] = []
        self.edge = self.mark = 0

    def post(self, handle: CallbackActor, by: Any) -> None:
        """Add ``handle``, which the actor ``by`` posts."""
        self.queue.append(handle)
        if handle.kind is CALLBACK:
            self.callbacks.append(handle)
            handle.polls = type(by) is CallbackActor and same(by.code, handle.code)
        elif handle.kind is DELIVERY:
            self.asleep.append(handle)

    @property
    def is_empty(self) -> bool:
        """Whether nothing can go on before time passes."""
        return len(self.queue) == len(self.asleep) and not self.due

    def pass_over(self) -> int:
        """Let the deliveries at the head of the queue that sleep wait for the next turn.

        Returns how many actors of this turn are left.
        """
        queue, asleep = self.queue, self.asleep
        while self.edge and queue[0] in asleep:
            queue.append(queue.pop(0))
            self.edge -= 1
        return self.edge

    def rouse(self, by: Any) -> None:
        """Rouse the deliveries to which the event that the actor ``by`` has done gives work."""
        self.roused = [handle for handle in self.asleep if rouses(by.task, handle)]
        for handle in self.roused:
            self.asleep.remove(handle)

    def begin_turn(self) -> None:
        """Let all that is ready belong to the turn that begins; timers come last."""
        self.queue += self.due
        self.due.clear()
        self.edge, self.over = len(self.queue), 0
        for handle in self.callbacks:
            handle.polls = False

    def options(self) -> list[Any]:
        """Return what can go on, in asyncio's own order, where callbacks wait for callbacks."""
        oldest = self.callbacks[0] if self.callbacks else None
        if oldest is not None and oldest.polls and oldest not in self.queue[: self.edge]:
            oldest = None
        late = self.over >= self.fair_after
        waiting = self.queue[: self.edge] if late else self.queue + self.due
        found = [a for a in waiting if a is oldest or a.kind is not CALLBACK]
        return [a for a in found if a not in self.asleep] if self.asleep else found

    def take(self, index: int) -> Any:
        """Remove and return the option at ``index``; None if there are fewer."""
        queue = self.queue
        if self.callbacks or self.due or self.asleep:
            options = self.options()
            if index < len(options):
                actor, edge = options[index], self.edge
                self.drop(actor)
                self.over += self.edge == edge
                return actor
        elif index < (len(queue) if self.over < self.fair_after else self.edge):
            if index < self.edge:
                self.edge -= 1
            else:
                self.over += 1
            return queue.pop(index)
        return None

    def drop(self, actor: Any) -> None:
        """Take ``actor`` out of what is ready."""
        for place, other in enumerate(self.queue):
            if other is actor:
                del self.queue[place]
                self.edge -= place < self.edge
                self.mark -= place < self.mark
                return
        if actor in self.due:
            self.due.remove(actor)

    def woken(self, by: Any) -> list[Any]:
        """Return what the present event, of the actor ``by``, has made ready; not itself."""
        due = [timer for timer in self.due if timer.parent is by.info]
        found = [actor for actor in self.queue[self.mark :] + due if actor is not by]
        if not (self.asleep or self.roused):
            return found
        posted = [actor for actor in found if actor not in self.asleep]
        roused, self.roused = self.roused, []
        return posted + [actor for actor in roused if actor not in posted]

    def clear(self) -> None:
        """Forget what is ready."""
        for queue in (self.queue, self.due, self.callbacks, self.asleep, self.roused):
            queue.clear()
        self.edge = 0


class Timers:
    """A heap of (when, serial, handle); asyncio's own leaves the order of equal times open."""

    __slots__ = ("_cancelled", "_heap", "_serial")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Any]] = []
        self._serial = self._cancelled = 0

    def add(self, handle: Any) -> None:
        """Let ``handle`` wait for its time."""
        self._serial += 1
        heapq.heappush(self._heap, (handle._when, self._serial, handle))

    def forget(self, handle: Any) -> None:
        """Take note that ``handle`` is about to be cancelled; it is taken out later."""
        self._cancelled += 1
        if self._cancelled > 100 and 2 * self._cancelled > len(self._heap):
            self._heap = [e for e in self._heap if not e[2]._cancelled and e[2] is not handle]
            heapq.heapify(self._heap)
            self._cancelled = 0

    def next(self) -> float:
        """Return the earliest time that something waits for, or infinity."""
        heap = self._heap
        while heap:
            if not heap[0][2]._cancelled:
                return heap[0][0]
            heapq.heappop(heap)
            self._cancelled -= 1
        return inf

    def pending(self) -> Iterator[tuple[float, Any]]:
        """Yield the times that something waits for, and the handles, in no order."""
        return ((when, handle) for when, _, handle in self._heap if not handle._cancelled)

    def take(self, until: float) -> list[Any]:
        """Remove and return the handles whose time is before ``until``, in order."""
        found = []
        while self.next() < until:
            handle = heapq.heappop(self._heap)[2]
            handle._scheduled = False
            found.append(handle)
        return found

    def clear(self) -> None:
        """Forget them all."""
        self._heap.clear()
        self._cancelled = 0


def same(one: Any, other: Any) -> bool:
    """Return whether two callbacks are the same, without running code of theirs."""
    if type(one) is MethodType and type(other) is MethodType:
        return one.__func__ is other.__func__ and one.__self__ is other.__self__
    return one is other

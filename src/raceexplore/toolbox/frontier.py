"""The frontier of a bounded search: every schedule once, in the order of what it costs."""

from __future__ import annotations

from collections import deque
from itertools import chain
from typing import TYPE_CHECKING

from raceexplore.kernel.errors import BadOption, NotDeterministic

if TYPE_CHECKING:
    from raceexplore.kernel.choice import ChoicePoint


Turn = tuple[int, dict[int, int]]  # the last choice of a prefix, and those that are not option 0
Lesson = tuple[list[bytes], str]


class Prefix:
    """A schedule that was run: its choices up to the last that was not option 0.

    parent, at, index: the prefix it extends by choosing ``index`` at choice ``at`` (from 0); the
    choices between are option 0. prices: what each option of each choice of the run costs.
    """

    __slots__ = ("at", "cost", "index", "parent", "prices")

    def __init__(self, parent: Prefix | None, at: int, index: int, cost: int) -> None:
        self.parent, self.at, self.index, self.cost = parent, at, index, cost
        self.prices: list[bytes] = []

    def choices(self) -> dict[int, int]:
        """Return the choices that are not option 0."""
        taken: dict[int, int] = {}
        prefix = self
        while prefix.parent is not None:
            taken[prefix.at] = prefix.index
            prefix = prefix.parent
        return taken


class Frontier:
    """Enumerates every schedule of a program exactly once, the cheapest first.

    A scheduler tells the price of each option; option 0 must cost nothing. All schedules of
    cost c are run before any of cost c + 1. Those that extend the same one by a single choice
    differ from it in the last choice, in the second, in the last but one, in the third, and so
    on inwards; the first choice, which only says who starts, comes last.
    bound: the highest cost to explore (-1: no limit). of: the scheduler's name. unit: what costs
        1, in words. latencies: enumerate them too, instead of keeping each at its median.
        finished: the highest cost of which, and below which, every schedule has been run (-1:
        none yet).
    Memory: one small record for each run whose successors are still to come.
    `begin` may be called again before the run has ended, for runs that other processes do, as long
    as it returns True; `study` then files their prices in the order in which they were begun.
    Raises `BadOption` for a bound below -1.
    Source: the work queues of iterative context bounding (Musuvathi and Qadeer, PLDI 2007,
    algorithm 1), one for each cost.
    """

    def __init__(
        self, bound: int = -1, *, of: str = "frontier", unit: str = "", latencies: bool = True
    ) -> None:
        if bound < -1:
            raise BadOption(f"{of}: bound must be -1 or more, not {bound}")
        self.bound, self.unit, self.latencies = bound, unit, latencies
        self.finished, self.cost, self.medians = -1, 0, ""
        self._queues: dict[int, deque[Prefix]] = {}
        self._siblings: list[tuple[int, int]] = []  # what is left to try of _parent, backwards
        self._parent: Prefix | None = None
        self._running: Prefix | None = None
        self._begun: deque[Prefix] = deque()  # and not filed yet
        self._same: dict[bytes, bytes] = {}  # prices that came from elsewhere, each once

    @property
    def covered(self) -> str:
        """What a completed search has explored, in words."""
        most = "" if self.bound < 0 else f" of {self.at_most(self.bound)}"
        return f"every schedule{most}{self.medians}"

    def at_most(self, cost: int) -> str:
        """Return ``cost`` in words."""
        return f"at most {cost} {self.unit}{'s' * (cost != 1)}"

    def begin(self) -> bool:
        """Move on to the next schedule; False if none is left within the bound.

        While runs are not filed, False means that nothing is left before they are.
        """
        if self._running is None:
            self._running = Prefix(None, -1, 0, 0)
        else:
            while not self._siblings:
                if not self._next_parent():
                    return False
            at, index = self._siblings.pop()
            self._running = Prefix(self._parent, at, index, self.cost)
        self._taken = self._running.choices()
        self._begun.append(self._running)
        return True

    def turn(self) -> Turn:
        """Return the prefix of the run that has begun, as plain data."""
        assert self._running is not None
        return self._running.at, self._taken

    def take(self, turn: Turn) -> None:
        """Begin the run of that prefix, whoever found it."""
        at, self._taken = turn
        self._running = Prefix(None, at, 0, 0)

    def _next_parent(self) -> bool:
        queue = self._queues.get(self.cost)
        if not queue:
            if self._begun:
                return False
            self.finished = self.cost
            self._queues.pop(self.cost, None)
            if not self._queues:
                return False
            cheapest = min(self._queues)
            self.finished = cheapest - 1
            if 0 <= self.bound < cheapest:
                self.finished = self.bound
                return False
            self.cost = cheapest
            queue = self._queues[cheapest]
        self._parent = parent = queue.popleft()
        price = self.cost - parent.cost
        found = []
        for at in range(parent.at + 1, len(parent.prices)):
            prices = parent.prices[at]
            found += [(at, i) for i in range(1, len(prices)) if prices[i] == price]
        inwards = chain.from_iterable(zip(found[::-1], found[1:] + found[:1], strict=True))
        self._siblings = [*dict.fromkeys(inwards)][::-1]
        return True

    def choose(self, prices: bytes) -> int:
        """Return the option to take at the next choice; its options cost ``prices``.

        Raises `NotDeterministic` if the choice is not the one that an earlier run met there.
        """
        running = self._running
        assert running is not None
        at = len(running.prices)
        running.prices.append(prices)
        if at > running.at:
            return 0
        if running.parent is not None:
            self._compare(running.parent, at, prices)
        return self._taken.get(at, 0)

    @staticmethod
    def _compare(parent: Prefix, at: int, prices: bytes) -> None:
        if parent.prices[at] != prices:
            raise NotDeterministic(
                f"choice {at} had {len(parent.prices[at])} options and now has"
                f" {len(prices)}: the program does not do the same under the same schedule"
            )

    def draw(self, point: ChoicePoint) -> int:
        """Return the option to take at a draw, all of whose options cost nothing."""
        if point.kind == "latency" and not self.latencies:
            self.medians = ", each latency at its median"
            return 0
        return self.choose(bytes(point.bound))

    def end(self) -> None:
        """File the run that has ended under the costs of its successors."""
        self.study(self.lesson())

    def lesson(self) -> Lesson:
        """Return the prices that the run has met, and how latencies were drawn."""
        assert self._running is not None
        return self._running.prices, self.medians

    def study(self, lesson: Lesson) -> None:
        """File the run that was begun before all others, by what `lesson` has told of it."""
        running = self._begun.popleft()
        prices, medians = lesson
        self.medians = self.medians or medians
        if prices is not running.prices:  # it was run elsewhere
            for at, found in enumerate(prices[: running.at + 1]):
                assert running.parent is not None
                self._compare(running.parent, at, found)
            running.prices = [self._same.setdefault(found, found) for found in prices]
        for extra in sorted({p for prices in running.prices[running.at + 1 :] for p in prices[1:]}):
            self._queues.setdefault(running.cost + extra, deque()).append(running)

"""The frontier of a bounded search: every schedule once, in the order of what it costs."""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import msgpack

from raceexplore.kernel.errors import BadOption, NotDeterministic

if TYPE_CHECKING:
    from raceexplore.kernel.choice import ChoicePoint


Turn = tuple[int, dict[int, int]]  # the last choice of a prefix, and those that are not option 0
Lesson = tuple[list[bytes], str]
Record = tuple[int, int, list[int], list[int]]  # of a prefix: its prices by their number

BLOCK = 256  # runs that are packed together


class Prefix(NamedTuple):
    """A schedule that was run, or is: its choices up to the last that was not option 0.

    at: which choice that was, from 0; -1 for none. taken: the choices that are not option 0.
    expected: what each option of each choice cost in the run that it extends. prices: the same of
    its own run.
    """

    at: int
    cost: int
    taken: dict[int, int]
    expected: Sequence[bytes]
    prices: list[bytes]


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
    Memory: about 10 bytes for each run whose successors are still to come, see `Waiting`.
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
        self._queues: dict[int, Waiting] = {}
        self._siblings: list[tuple[int, int]] = []  # what is left to try of _parent, backwards
        self._parent: Prefix | None = None
        self._running: Prefix | None = None
        self._begun: deque[Prefix] = deque()  # and not filed yet
        self._table: dict[bytes, int] = {}  # all prices that were met, each with its number

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
            self._running = Prefix(-1, 0, {}, (), [])
        else:
            while not self._siblings:
                if not self._next_parent():
                    return False
            at, index = self._siblings.pop()
            parent = self._parent
            assert parent is not None
            taken = {**parent.taken, at: index}
            self._running = Prefix(at, self.cost, taken, parent.prices, [])
        self._begun.append(self._running)
        return True

    def turn(self) -> Turn:
        """Return the prefix of the run that has begun, as plain data."""
        assert self._running is not None
        return self._running.at, self._running.taken

    def take(self, turn: Turn) -> None:
        """Begin the run of that prefix, whoever found it."""
        at, taken = turn
        self._running = Prefix(at, 0, taken, (), [])

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
        if running.expected:
            self._compare(running.expected[at], at, prices)
        return running.taken.get(at, 0)

    @staticmethod
    def _compare(expected: bytes, at: int, prices: bytes) -> None:
        if expected != prices:
            raise NotDeterministic(
                f"choice {at} had {len(expected)} options and now has"
                f" {len(prices)}: the program does not do the same under the same schedule"
            )

    def draw(self, point: ChoicePoint) -> int:
        """Return the option to take at a draw, all of whose options cost nothing."""
        if point.kind == "latency" and not self.latencies:
            self.medians = ", each latency at its median"
            return 0
        if point.kind == "tie":
            self.medians = self.medians or ", no call ending just at a deadline"
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
                self._compare(running.expected[at], at, found)
            running.prices[:] = prices
        extras = {p for prices in {*running.prices[running.at + 1 :]} for p in prices[1:]}
        for extra in sorted(extras):
            cost = running.cost + extra
            self._queues.setdefault(cost, Waiting(self._table)).append(running)


class Waiting:
    """Runs whose successors are still to come, the first first: all but a few of them packed.

    A campaign may have hundreds of thousands, and most are alike. table: all prices that were met,
    each with its number; several of these may share it.
    """

    def __init__(self, table: dict[bytes, int]) -> None:
        self._table, self._all = table, list(table)
        self._first: deque[Prefix] = deque()
        self._packed: deque[bytes] = deque()
        self._last: list[Record] = []

    def __bool__(self) -> bool:
        return bool(self._first or self._packed or self._last)

    def append(self, prefix: Prefix) -> None:
        """Put ``prefix`` behind all others; what it expected has been compared already."""
        table = self._table
        numbers = [table.setdefault(found, len(table)) for found in prefix.prices]
        self._last.append((prefix.at, prefix.cost, [*chain(*prefix.taken.items())], numbers))
        if len(self._last) == BLOCK:
            self._packed.append(zlib.compress(msgpack.packb(self._last), 1))
            self._last = []

    def popleft(self) -> Prefix:
        """Take the first one."""
        if not self._first:
            packed = self._packed
            block = msgpack.unpackb(zlib.decompress(packed.popleft())) if packed else self._last
            self._last = self._last if block is not self._last else []
            self._first.extend(map(self._prefix, block))
        return self._first.popleft()

    def _prefix(self, record: Record) -> Prefix:
        if len(self._all) < len(self._table):
            self._all = list(self._table)
        at, cost, taken, numbers = record
        choices = dict(zip(taken[::2], taken[1::2], strict=True))
        return Prefix(at, cost, choices, (), [self._all[number] for number in numbers])

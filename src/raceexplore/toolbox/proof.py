"""A proof on the way: races reversed one by one beside other searches, and whom to believe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raceexplore.kernel.events.order import order
from raceexplore.toolbox.by_name import by_name
from raceexplore.toolbox.classes import Classes
from raceexplore.toolbox.relative import relative_to

if TYPE_CHECKING:
    from collections.abc import Iterable

    from raceexplore.kernel.choice import ChoicePoint
    from raceexplore.kernel.outcome import Run

LONG = 100_000  # races times events above which to reverse a race costs more than many walks


class Proof:
    """A scheduler: `dpor`, to take turns with others from the first run on, or when it pays.

    most: the trace classes that are worth a proof; 0: never begin. scheduler: what reverses the
    races; None before it has begun, and once it is out of the question. finished: none is left to
    reverse. near: whether it is worth to be finished.
    """

    def __init__(self, most: int) -> None:
        self.most, self.near, self.finished = most, False, False
        self.scheduler: Any = None
        self._possible = most > 0
        self._runs = 0

    @property
    def is_open(self) -> bool:
        """Whether there are races to reverse."""
        return self.scheduler is not None and not self.finished

    @property
    def covered(self) -> str:
        """What a completed proof has explored, in words."""
        return "" if self.scheduler is None else str(self.scheduler.covered)

    @property
    def relative(self) -> tuple[str, ...]:
        """What a completed proof is relative to."""
        return () if self.scheduler is None else tuple(self.scheduler.relative)

    def known(self) -> tuple[str, ...]:
        """Return what a completed proof has shown."""
        return () if self.scheduler is None else tuple(self.scheduler.known())

    def look(self, run: Run) -> None:
        """Begin with ``run``, the first and observed, unless it is too long to begin with.

        What would be relative gets no proof: elastic time, code that nobody observes, and so on.
        """
        if relative_to(run):
            self.forget()
        elif self._possible and len(order(run.events).races) * len(run.events) <= LONG:
            self._start().begin()
            self.end(run)

    def begin(self) -> bool:
        """Get ready to reverse the next race; False if none is left, or there are too many."""
        assert self.scheduler is not None
        self._runs += 1
        if self._runs > 2 * self.most:
            self.forget()  # the estimate was far too low
            return False
        self.finished = not self.scheduler.begin()
        return not self.finished

    def choose(self, point: ChoicePoint) -> int:
        """Return what `dpor` chooses."""
        assert self.scheduler is not None
        index: int = self.scheduler.choose(point)
        return index

    def end(self, run: Run) -> None:
        """Learn from the run that has ended, one of its own."""
        if self.scheduler is not None:
            self.scheduler.end(run)

    def weigh(self, classes: float) -> None:
        """Start or go on if there are no more than about so many ``classes``; else pause."""
        self.near = self._possible and classes <= self.most
        if self.near and self.scheduler is None:
            self._start()

    def _start(self) -> Any:
        self.scheduler = by_name("dpor")
        return self.scheduler

    def forget(self) -> None:
        """Give it up: what it would tell would not be true, or not be worth it."""
        self._possible = self.near = self.finished = False
        self.scheduler = None

    def holds(self, seen: Iterable[Any]) -> bool:
        """Return whether all is explored.

        No longer, should others have ``seen`` another class, or one of these show other things.
        """
        classes = Classes() if self.scheduler is None else self.scheduler.classes
        if self.finished and not (all(key in classes for key in seen) and not classes.torn):
            self.forget()
        return self.finished

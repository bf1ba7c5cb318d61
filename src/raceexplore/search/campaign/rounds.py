"""Rounds: a scheduler learns at fixed points only, so that the runs between them may go anywhere.

Within a round each run sees what was learnt in the rounds before, and no more: its runs can be
done in any order, by any process. At its end the scheduler learns from all of them, in the order of
their index. Where the rounds end is a function of the index alone, whoever does the runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raceexplore.kernel.scheduler import Learns, Splits

if TYPE_CHECKING:
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.scheduler import Scheduler

ALONE = 64  # the first runs are a round each: most is learnt there
SHARE, LONGEST = 8, 256  # a later round is as long as 1/8 of all runs before it, 256 at most


def length(first: int) -> int:
    """Return how many runs the round that begins with run ``first`` has."""
    return 1 if first < ALONE else min(LONGEST, first // SHARE)


class Rounds:
    """Lets ``scheduler`` learn from its runs at the ends of rounds.

    A scheduler that `Learns` does so by lessons; any other learns by its ``end``, at once. One that
    ``looks_ahead`` needs no rounds: its next runs do not depend on results still
    outstanding. until: the index at which the present round ends (``bars`` says whether
    there are rounds at all); done: the runs counted so far.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler
        self.learner = scheduler if isinstance(scheduler, Learns) else None
        self.ahead = isinstance(scheduler, Splits) and scheduler.looks_ahead
        self.bars = self.learner is not None and not self.ahead
        self.done, self.until = 0, 1
        self._lessons: list[Any] = []

    def end(self, run: Run) -> None:
        """Note what is to learn from ``run``, the one that the scheduler has just begun."""
        if self.learner is not None:
            self.add(self.learner.lesson(run))
        else:
            self.scheduler.end(run)

    def add(self, lesson: Any) -> None:
        """Note what is to learn from the next run; learn, if the round is over."""
        self._lessons.append(lesson)
        self.done += 1
        if self.done == self.until or self.ahead:
            self.close()
            self.until = self.done + length(self.done)

    def cut(self) -> bool:
        """End the round here: nothing is left to begin; return whether that has taught anything."""
        taught = bool(self._lessons)
        if taught:
            self.close()
            self.until = self.done + length(self.done)
        return taught

    def close(self) -> None:
        """Learn what is left: the campaign is over, or a round."""
        if self.learner is not None:
            for lesson in self._lessons:
                self.learner.study(lesson)
        self._lessons.clear()

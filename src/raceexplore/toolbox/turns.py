"""Whose turn it is: the order in which the kinds of search of a portfolio take turns."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.scheduler import Learns, Splits

if TYPE_CHECKING:
    from raceexplore.kernel.choice import ChoicePoint
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.scheduler import Scheduler

BOUNDED, PROOF = "bounded", "proof"
OPENING = (
    *(BOUNDED, "lockstep", PROOF, "urw", "lockstep", "urw", "urw", "lockstep", PROOF),
    *("pos", "surw", PROOF),
)
EVERY = 5  # after the opening one run in so many is an exhaustive search's, by turns
REVERSING = 100  # the last run that is the proof's however far it has to go


def whose_turn(number: int, *, proof: bool, near: bool, draws: bool) -> str:
    """Return whose the run ``number`` (from 1) is: a sampler's by name, or one of these.

    ``proof``: the reversal of races, which proves once none is left to reverse. ``bounded``: the
    schedules with the fewest delays and preemptions. ``""``: the next sampler's.

    In the opening three kinds of search that find unlike bugs take turns, reversed races, runs in
    step and uniform walks: what one of them alone would find with its k-th run is found with run
    3 k, or 3 k + 1. Where there is no proof to get on with, the opening is the bounded search's
    instead; where the program draws, the samplers', as other draws find more than other orders
    of the same draws.
    proof: whether there are races to reverse. near: whether they are few enough to go through all
    of them. draws: whether the program draws data, faults or latencies.
    """
    turn = OPENING[number - 1] if number <= len(OPENING) else ""
    if turn:
        instead = "" if draws else BOUNDED
        return instead if turn == PROOF and not proof else turn
    pair = 2 * EVERY
    if proof and (number % 2 == 0 if near else number % pair == 0 and number <= REVERSING):
        return PROOF
    return BOUNDED if number % (pair if draws else EVERY) == 0 else ""


class Relay:
    """A scheduler that is several, one after the other, each for at most so many runs.

    They look ahead: a run may begin before the ones before it are studied, as long as `begin`
    returns True, and another process may do it.
    """

    looks_ahead, knowledge = True, None

    def __init__(self, *legs: tuple[Scheduler, int]) -> None:
        self._legs = [leg for leg, _ in legs]
        self._left = [runs for _, runs in legs]
        self._now = self._running = 0
        self._begun: deque[int] = deque()  # whose runs are not studied yet

    def begin(self) -> bool:
        """Get ready for the next run; False once all have finished or had their runs.

        While runs are not studied, False means that nothing is left before they are.
        """
        while self._now < len(self._legs):
            now = self._now
            if self._left[now] and self._legs[now].begin():
                self._left[now] -= 1
                self._running = now
                self._begun.append(now)
                return True
            if self._left[now] and now in self._begun:
                return False
            self._now += 1
        return False

    def choose(self, point: ChoicePoint) -> int:
        """Return what the scheduler whose run it is chooses."""
        return self._legs[self._running].choose(point)

    def end(self, run: Run) -> None:
        """Let the scheduler whose run it was learn from it."""
        self.study(self.lesson(run))

    def turn(self) -> Any:
        """Return the turn of the run that has begun."""
        leg = self._legs[self._running]
        return self._running, leg.turn() if isinstance(leg, Splits) else None

    def take(self, turn: Any) -> None:
        """Begin the run of that turn."""
        self._running, inner = turn
        leg = self._legs[self._running]
        if isinstance(leg, Splits):
            leg.take(inner)

    def lesson(self, run: Run) -> Any:
        """Return what there is to learn from the run; None if it is learnt already."""
        leg = self._legs[self._running]
        return leg.lesson(run) if isinstance(leg, Learns) else leg.end(run)

    def study(self, lesson: Any) -> None:
        """Let the scheduler learn whose run was begun before all others not studied."""
        leg = self._legs[self._begun.popleft()]
        if lesson is not None and isinstance(leg, Learns):
            leg.study(lesson)

"""Whose turn it is: the order in which the kinds of search of a portfolio take turns."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from raceexplore.kernel.choice import ChoicePoint
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.scheduler import Scheduler

BOUNDED, PROOF = "bounded", "proof"
OPENING = (BOUNDED, "lockstep", PROOF, "urw", "lockstep", "urw", "urw", "lockstep", PROOF)
REVERSING = 27  # up to this run every third one is the proof's, however far it has to go
EVERY = 5  # after the opening one run in so many is the bounded search's


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
    if proof and (number % 2 == 0 if near else number % 3 == 0 and number <= REVERSING):
        return PROOF
    return BOUNDED if number % (2 * EVERY if draws else EVERY) == 0 else ""


class Relay:
    """A scheduler that is several, one after the other, each for at most so many runs."""

    def __init__(self, *legs: tuple[Scheduler, int]) -> None:
        self._legs = list(legs)

    def begin(self) -> bool:
        """Get ready for the next run; False once all have finished or had their runs."""
        while self._legs:
            scheduler, left = self._legs[0]
            if left and scheduler.begin():
                self._legs[0] = scheduler, left - 1
                return True
            del self._legs[0]
        return False

    def choose(self, point: ChoicePoint) -> int:
        """Return what the scheduler whose run it is chooses."""
        return self._legs[0][0].choose(point)

    def end(self, run: Run) -> None:
        """Let the scheduler whose run it was learn from it."""
        self._legs[0][0].end(run)

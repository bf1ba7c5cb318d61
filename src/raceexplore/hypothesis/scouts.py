"""Scouts: schedulers of raceexplore look ahead, and say which deviations to draw next."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from raceexplore.kernel.run import run_once
from raceexplore.toolbox.by_name import by_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from raceexplore.hypothesis.unchanged import Reach
    from raceexplore.kernel.choice import ChoicePoint
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Limits, Program, Settings
    from raceexplore.kernel.scheduler import Scheduler
    from raceexplore.toolbox.gaps import Move

SCHEDULERS = ("pct:depth=2", "pct:depth=3")  # few deviations, which can be drawn
TURNS = 4  # runs of scouts in a test case
OFFERS = 3  # test cases that are offered a schedule which failed, each with data of its own
AGAIN = 0.35


class Scouts:
    """What schedulers have found out about the program of one test.

    A scout runs the program on a scheduler's choices, after a test case has passed and with its
    data. What fails is not reported: it is offered to the next test cases, which draw it, and so
    fail, shrink and replay as any other. Where no scout may run, the length of the runs is still
    learnt, and deviations are drawn within it.
    """

    def __init__(self, entropy: int) -> None:
        self._generator = Random(entropy)
        self._schedulers = [by_name(name, entropy=entropy) for name in SCHEDULERS]
        self._turn = self._length = self._offers = 0
        self._failed: tuple[Move, ...] = ()

    def offer(self, depth: int, most: Move) -> tuple[Move, ...] | None:
        """Return the deviations to draw, at most ``depth`` of them, and none beyond ``most``.

        None if nothing is known yet.
        """
        if self._offers:
            self._offers -= 1
            failed = self._failed
            if len(failed) <= depth and all(map(_within(most), failed)):
                return failed
        moves: list[Move] = []
        left = min(self._length, most[0] + 1)
        draw = self._generator
        while left > 0 and len(moves) < depth and (not moves or draw.random() < AGAIN):
            gap = draw.randrange(left)
            moves.append((gap, draw.randrange(most[1] + 1)))
            left -= gap + 1
        return tuple(moves) or None

    def look(
        self,
        program: Program,
        settings: Settings,
        limits: Limits,
        after: tuple[Run, int, Reach],
    ) -> None:
        """Run ``program`` a few times, where the last run of the test case has left it as it was.

        after: that run, the choices of the test case's first run, and what the program reaches.
        """
        run, choices, reach = after
        self._length = max(self._length, choices)
        reach.steps = 0
        for _ in range(TURNS):
            if not reach.unchanged_by(run):
                return
            scheduler = self._schedulers[self._turn % len(self._schedulers)]
            self._turn += 1
            writer = _Writer(scheduler)
            scheduler.begin()
            run = run_once(program, writer, settings=settings, limits=limits)
            scheduler.end(run)
            if run.failure is not None:
                self._failed, self._offers = writer.moves(), OFFERS
                return


def _within(most: Move) -> Callable[[Move], bool]:
    return lambda move: move[0] <= most[0] and move[1] <= most[1]


class _Writer:
    """Writes down as (gap, alternative) pairs what a scheduler chooses; draws stay neutral."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._gap = 0
        self._moves: list[Move] = []

    def begin(self) -> bool:
        return True

    def choose(self, point: ChoicePoint) -> int:
        if point.kind != "task":
            return 0
        index = self._scheduler.choose(point)
        if index:
            self._moves.append((self._gap, index - 1))
            self._gap = 0
        else:
            self._gap += 1
        return index

    def end(self, run: Run) -> None:
        """Nothing to learn."""

    def moves(self) -> tuple[Move, ...]:
        return tuple(self._moves)

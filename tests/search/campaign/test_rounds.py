"""Rounds: a scheduler learns at fixed points, from the runs in the order of their index."""

from __future__ import annotations

from typing import cast

from raceexplore import ChoicePoint, Run
from raceexplore.search.campaign.rounds import Rounds, length


class Pupil:
    """Notes what it is told, and when."""

    knowledge = None

    def __init__(self) -> None:
        self.studied: list[int] = []

    def begin(self) -> bool:
        return True

    def choose(self, point: ChoicePoint) -> int:
        return 0

    def end(self, run: Run) -> None:
        raise AssertionError("it has lessons")

    def lesson(self, run: Run) -> Run:
        return run

    def study(self, lesson: int) -> None:
        self.studied.append(lesson)


def ends(runs: int) -> list[int]:
    """Return after how many runs the scheduler has learnt something."""
    pupil = Pupil()
    rounds, found = Rounds(pupil), []
    for i in range(runs):
        before = len(pupil.studied)
        rounds.end(cast("Run", i))
        if len(pupil.studied) > before:
            assert pupil.studied == list(range(i + 1))
            found.append(i + 1)
    return found


def test_the_first_runs_are_rounds_of_their_own_and_later_ones_grow_up_to_a_cap() -> None:
    assert ends(130) == [*range(1, 65), 72, 81, 91, 102, 114, 128]
    assert [length(first) for first in (0, 63, 64, 800, 2048, 100_000)] == [1, 1, 8, 100, 256, 256]


def test_what_is_left_is_learnt_when_the_campaign_is_over() -> None:
    pupil = Pupil()
    rounds = Rounds(pupil)
    for i in range(70):
        rounds.end(cast("Run", i))
    assert len(pupil.studied) == 64
    rounds.close()
    rounds.close()
    assert pupil.studied == list(range(70))

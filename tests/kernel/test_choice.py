"""Schedules are values, also those that spell their deviations late."""

from __future__ import annotations

import pickle

from raceexplore.kernel.choice import Deviation, Schedule

ONE = Deviation("task", "main", 2, "main/a#1")
TWO = Deviation("data", "main:size", 0, 3)


def test_a_schedule_that_spells_late_equals_one_that_does_not() -> None:
    late = Schedule(spell=lambda: iter((ONE, TWO)))
    assert late == Schedule((ONE, TWO)) != Schedule((TWO, ONE))
    assert hash(late) == hash(Schedule((ONE, TWO)))
    assert late.size == 2
    assert late.without(0) == Schedule((TWO,))


def test_a_schedule_is_spelled_once() -> None:
    asked = []

    def spell() -> tuple[Deviation, ...]:
        asked.append(1)
        return (ONE,)

    late = Schedule(spell=spell)
    assert asked == []
    assert late.deviations is late.deviations
    assert asked == [1]


def test_a_schedule_survives_pickling() -> None:
    late = Schedule(spell=lambda: (ONE, TWO))
    assert pickle.loads(pickle.dumps(late)).deviations == (ONE, TWO)


def test_the_empty_schedule_is_the_default() -> None:
    assert Schedule().deviations == ()
    assert repr(Schedule()) == "Schedule(())"

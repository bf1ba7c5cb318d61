from __future__ import annotations

import unittest

import pytest
from hypothesis import settings
from hypothesis.database import InMemoryExampleDatabase

from machines import FEW, ONCE, failure_of, play, variant
from objects import SHARED, BrokenCounter, CounterMachine
from raceexplore.hypothesis import Schedule
from raceexplore.linearizability import (
    NotLinearizable,
)
from raceexplore.stateful import (
    NEAR,
    Call,
    Plan,
    run_concurrent_state_machine_as_test,
)


@pytest.mark.parametrize("name", SHARED)
def test_a_correct_object_passes(name: str) -> None:
    machine, correct, _ = SHARED[name]
    tried, played = variant(machine, kind=correct)
    run_concurrent_state_machine_as_test(tried, settings=FEW)
    assert len(played) >= 60
    assert max(map(len, played)) > 5


@pytest.mark.parametrize("name", SHARED)
def test_a_broken_object_is_found_and_shrunk_to_two_or_three_calls(name: str) -> None:
    machine, _, broken = SHARED[name]
    tried, played = variant(machine, kind=broken)
    error = failure_of(tried)
    assert isinstance(error, NotLinearizable)
    assert 2 <= len(played[-1]) <= 3


ADD_LOST = """\
 moment  a       b
      1  add(1)
      2  |       add(1)
      3  |       '-> 1
      4  '-> 1  <- !

The order that gets furthest:
  b: add(1) -> 1
Then the state is 1.
a: add(1) -> 1 cannot come next: it would give None or 2 there"""


def test_the_report_shows_lanes_the_reason_and_the_test_case() -> None:
    error = failure_of(type("CounterMachine", (CounterMachine,), {"kind": BrokenCounter}))
    assert str(error) == "counter: no order of the calls explains a: add(1) -> 1"
    notes = error.__notes__
    assert notes[0] == ADD_LOST
    assert "FAIL  tests.stateful.test_stateful:CounterMachine.play  NotLinear" in notes[1]
    assert ").run(CounterMachine.play, ...)" in notes[1]
    told = "\n".join(notes)
    assert "CounterMachine(" in told
    assert "schedule=Schedule((" in told
    assert told.count("Call(") == 2


def test_what_was_printed_fails_alone() -> None:
    broken = type("CounterMachine", (CounterMachine,), {"kind": BrokenCounter})
    plan = Plan(prefix=[], clients=[[Call("add", 1)], [Call("add", 1)]], suffix=[])
    with pytest.raises(NotLinearizable) as caught:
        play(broken, plan, Schedule((1, 0)))
    seed = next(word for word in caught.value.__notes__[1].split() if word.startswith("rx1-"))
    with pytest.raises(NotLinearizable):
        play(broken, plan, Schedule(seed))
    play(broken, plan, Schedule())  # one client after the other


def test_a_second_session_fails_within_three_cases() -> None:
    kept = settings(ONCE, database=InMemoryExampleDatabase(), derandomize=False)
    for most in (10_000, 3 * NEAR):
        # a new class with the same name is what a second session sees
        tried, played = variant(CounterMachine, kind=BrokenCounter)
        failure_of(tried, kept)
        assert len(played) <= most


def test_the_test_case_is_a_unittest_of_the_machine() -> None:
    class Sound(CounterMachine):
        pass

    class Broken(CounterMachine):
        kind = BrokenCounter

    Sound.TestCase.settings = FEW  # type: ignore[attr-defined]
    Broken.TestCase.settings = ONCE  # type: ignore[attr-defined]
    outcome = unittest.TestResult()
    Sound.TestCase("runTest").run(outcome)
    assert outcome.wasSuccessful()
    Broken.TestCase("runTest").run(outcome)
    assert len(outcome.failures) == 1
    assert Broken.TestCase.__name__ == "Broken.TestCase"

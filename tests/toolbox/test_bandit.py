"""The bandit gives each arm what it is worth, and never less than the floor."""

from __future__ import annotations

from collections import Counter
from math import inf

import pytest

from raceexplore.toolbox import Bandit


def turns(bandit: Bandit, runs: int) -> Counter[str]:
    return Counter(bandit.next() for _ in range(runs))


def test_runs_are_shared_by_weight_before_anything_is_known() -> None:
    assert turns(Bandit({"a": 3.0, "b": 1.0}, floor=0.0), 400) == {"a": 300, "b": 100}


def test_the_arm_that_is_furthest_behind_comes_next() -> None:
    bandit = Bandit({"a": 3.0, "b": 1.0}, floor=0.0)
    assert "".join(bandit.next() for _ in range(8)) == "aabaaaba"


def test_what_is_learnt_counts_from_the_next_run_on() -> None:
    bandit = Bandit({"a": 1.0, "b": 1.0}, floor=0.0)
    assert turns(bandit, 10) == {"a": 5, "b": 5}
    for i in range(99):
        bandit.learn("a", "always the same")
        bandit.learn("b", i)
    assert turns(bandit, 100)["b"] > 95
    bandit.drop("b")
    assert turns(bandit, 10) == {"a": 10}


def test_an_arm_that_discovers_nothing_falls_to_the_floor() -> None:
    bandit = Bandit({"old": 1.0, "new": 1.0}, floor=0.03)
    for i in range(10_000):
        bandit.learn("old", "always the same")
        bandit.learn("new", i)
    shares = bandit.shares()
    assert shares["old"] == pytest.approx(0.03, abs=0.001)
    assert shares["new"] == pytest.approx(0.97, abs=0.001)


def test_the_rate_is_that_of_good_and_turing() -> None:
    bandit = Bandit({"a": 1.0, "b": 1.0})
    assert bandit.rate("a") == 1.0
    for key in "xxyz":  # a saw y and z once, x twice
        bandit.learn("a", key)
    assert bandit.rate("a") == (2 + 1) / (4 + 1)
    bandit.learn("b", "y")  # now only z is a's alone; y was a's discovery, seen again
    assert bandit.rate("a") == (1 + 1) / (4 + 1)
    assert bandit.rate("b") == (0 + 1) / (1 + 1)


def test_the_number_of_classes_is_chaos_estimate() -> None:
    bandit = Bandit({"a": 1.0})
    for key in range(10):
        bandit.learn("a", key)
    assert bandit.classes() == inf  # nothing was seen twice: no estimate
    for key in range(6):
        bandit.learn("a", key)
    # S = 10, f1 = 4, f2 = 6
    assert bandit.classes() == 10 + 4 * 3 / (2 * 7)
    bandit.learn("a", 0)  # thrice: f2 = 5
    assert bandit.classes() == 10 + 4 * 3 / (2 * 6)


def test_a_dropped_arm_has_no_more_runs() -> None:
    bandit = Bandit({"a": 1.0, "b": 5.0})
    bandit.drop("b")
    assert turns(bandit, 5) == {"a": 5}

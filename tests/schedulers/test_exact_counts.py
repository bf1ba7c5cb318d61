"""dfs visits every schedule exactly once: the numbers of combinatorics, not of the code.

Independent tasks of k_i events have (sum k_i)! / prod k_i! orders; those with exactly c
preemptions were counted by brute force without any reduction.
"""

from __future__ import annotations

from collections import Counter
from itertools import accumulate
from math import comb

import pytest

from orders import runs
from raceexplore import by_name

# exactly c preemptions, for c = 0, 1, 2, ...
PREEMPTIONS = {
    (2, 2, 2): [6, 18, 36, 30],
    (3, 3, 3): [6, 36, 150, 360, 510, 444, 174],
    (2, 2, 2, 2): [24, 144, 504, 984, 864],
    (3, 3): [2, 4, 8, 4, 2],
    (5, 5): [2, 8, 32, 48, 72, 48, 32, 8, 2],
}


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ((5, 5), 252),
        ((3, 3, 3), 1_680),
        ((2, 2, 2, 2), 2_520),
        ((4, 1), 5),
        ((2, 2, 1), 30),
        ((3,), 1),
    ],
)
def test_dfs_visits_each_order_once(lengths: tuple[int, ...], expected: int) -> None:
    orders = [order for order, _ in runs(by_name("dfs"), *lengths)]
    assert (len(orders), len(set(orders))) == (expected, expected)


def test_dfs_begins_with_the_quiet_day() -> None:
    order, run = next(runs(by_name("dfs"), 3, 3))
    assert (order, run.schedule.size) == ("aaabbb", 0)


@pytest.mark.parametrize("lengths", PREEMPTIONS)
def test_the_orders_have_as_many_preemptions_as_they_must(lengths: tuple[int, ...]) -> None:
    found = Counter(run.preemptions for _, run in runs(by_name("dfs"), *lengths))
    assert [found[c] for c in range(len(found))] == PREEMPTIONS[lengths]


@pytest.mark.parametrize("bound", range(7))
def test_a_bound_of_c_visits_the_orders_of_at_most_c_preemptions(bound: int) -> None:
    orders = [order for order, _ in runs(by_name(f"dfs:preemptions={bound}"), 3, 3, 3)]
    assert len(orders) == len(set(orders)) == list(accumulate(PREEMPTIONS[3, 3, 3]))[bound]


@pytest.mark.parametrize("k", [2, 3, 4, 5])
def test_two_tasks_follow_the_closed_formula(k: int) -> None:
    found = Counter(run.preemptions for _, run in runs(by_name("dfs"), k, k))
    # c preemptions make c + 2 blocks: half of them, rounded up, belong to the task that begins
    expected = {
        c: 2 * comb(k - 1, (c + 3) // 2 - 1) * comb(k - 1, (c + 2) // 2 - 1)
        for c in range(2 * k - 1)
    }
    assert found == expected

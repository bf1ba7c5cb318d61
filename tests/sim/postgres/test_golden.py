"""The golden table: what two sessions can do on PostgreSQL 15.18, in every order of statements."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from golden_sessions import SCHEMA, buy, move
from sessions import every_order, states


def sold(outcome: Any) -> int:
    """Return how many tickets were sold: updates that were committed."""
    done = [d for d in outcome.log if type(d).__name__ == "Done" and d.nth == 2]
    return sum(d.answer == 1 for d in done)


@pytest.mark.parametrize(
    ("level", "lock", "expected"),
    [
        ("READ COMMITTED", "", {(2, ()): 40, (1, ()): 10}),
        ("READ COMMITTED", "FOR UPDATE", {(1, ()): 24}),
        ("REPEATABLE READ", "", {(1, ("40001",)): 40, (1, ()): 10}),
        ("SERIALIZABLE", "", {(1, ("40001",)): 40, (1, ()): 10}),
    ],
)
def test_g2_two_buyers_of_the_last_ticket(
    level: str, lock: str, expected: dict[tuple[int, tuple[str, ...]], int]
) -> None:
    outcomes = every_order(SCHEMA, [buy(level, lock)] * 2)
    assert Counter((sold(o), tuple(states(o))) for o in outcomes) == expected


@pytest.mark.parametrize(
    ("programs", "expected"),
    [
        ([move(1, 2), move(2, 1)], {("40P01",): 24, (): 18}),
        ([move(1, 2), move(1, 2)], {(): 24}),
    ],
)
def test_g2_two_movers_between_two_rows(
    programs: list[list[str]], expected: dict[tuple[str, ...], int]
) -> None:
    outcomes = every_order(SCHEMA, programs)
    assert Counter(tuple(states(o)) for o in outcomes) == expected

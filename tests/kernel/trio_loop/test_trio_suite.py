"""Trio's own tests pass on the run loop, in every order; trio_skips.py lists what is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

import trio_skips
from trio_suite import run_trios_tests

ORDERS = ["any", "any:1", "any:2", "any:3", "passes", "passes:1"]
FEWEST = {"any": 275, "passes": 285}  # of trio 0.35: nobody deselects them by accident


@pytest.mark.parametrize("order", ORDERS)
def test_trios_own_tests_pass(
    order: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    outcomes = run_trios_tests(order, tmp_path)
    count = Counter(outcome.partition(":")[0] for outcome in outcomes.values())
    told = ", ".join(f"{number} {outcome}" for outcome, number in sorted(count.items()))
    record_property("printed", f"trio's own tests in the order {order!r}: {told}")
    assert {name: text for name, text in outcomes.items() if text.startswith("failed")} == {}
    assert count["passed"] >= FEWEST[order.partition(":")[0]]


@pytest.mark.slow
def test_each_skip_is_needed(tmp_path: Path) -> None:
    outcomes = run_trios_tests("any", tmp_path, skips=False)
    passed = [name for name, outcome in outcomes.items() if outcome == "passed"]
    assert [name for name in passed if name in trio_skips.ALWAYS] == []
    names = {name.partition("[")[0] for name in outcomes}
    assert {*trio_skips.ALWAYS, *trio_skips.IN_ANY_ORDER} <= names

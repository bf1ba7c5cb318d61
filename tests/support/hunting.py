"""The lost update of `withdraw_all` as a test of Hypothesis, with or without our backend."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st

from lost_update import Lost, withdraw_all
from raceexplore.hypothesis import Schedule, profile, schedules

QUIET = settings(profile(), database=None, max_examples=2_000, print_blob=False)
PHASES = [Phase.generate, Phase.shrink]
AMOUNTS = st.lists(st.integers(1, 50), min_size=2, max_size=3)
Case = tuple[str, list[int]]


def hunt(
    entropy: int,
    *,
    database: Any = None,
    sweep: int | None = None,
    backend: str = "hypothesis",
    before: int = 4,
) -> tuple[list[Case], Lost]:
    """Run a test of `withdraw_all`; return the cases up to the first failing one, and its error.

    entropy: what Hypothesis draws from, unless there is a database.
    """
    cases: list[Case] = []
    failed: list[int] = []

    @settings(QUIET, database=database, phases=[Phase.reuse, *PHASES], backend=backend)
    @given(schedule=schedules(sweep=sweep), amounts=AMOUNTS)
    def test_bank(schedule: Schedule, amounts: list[int]) -> None:
        if not failed:
            cases.append((repr(schedule), list(amounts)))
        try:
            schedule.run(withdraw_all, amounts, before)
        except Lost:
            failed.append(1)
            raise

    with pytest.raises(Lost) as caught:
        (test_bank if database else seed(entropy)(test_bank))()
    return cases, caught.value


def notes(error: BaseException) -> str:
    """Return what is noted on ``error``."""
    return "\n".join(error.__notes__)

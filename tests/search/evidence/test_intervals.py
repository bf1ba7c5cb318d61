"""Intervals for rates: the textbook's numbers, and the coverage that they promise."""

from __future__ import annotations

import random

import pytest

from raceexplore import BadOption
from raceexplore.search.evidence.intervals import (
    bound,
    clopper_pearson,
    mean_interval,
    ratio,
    runs_to_see,
    wilson,
)


@pytest.mark.parametrize(
    ("runs", "rate"),
    [(30, 0.0950), (100, 0.0295), (300, 0.00994), (1_000, 0.002991), (3_000, 0.000998)],
)
def test_clean_runs_exclude_about_3_by_their_number(runs: int, rate: float) -> None:
    assert bound(runs) == pytest.approx(rate, rel=0.005)


@pytest.mark.parametrize(
    ("failures", "runs", "low", "high"),
    [
        (23, 1_000, 0.0146, 0.0343),
        (230, 10_000, 0.0202, 0.0261),
        (12, 1_000, 0.0062, 0.0209),
        (3, 1_000, 0.0006, 0.0087),
        (0, 1_000, 0.0, 0.00368),
        (1_000, 1_000, 0.99632, 1.0),
    ],
)
def test_clopper_pearson_gives_the_known_intervals(
    failures: int, runs: int, low: float, high: float
) -> None:
    found = clopper_pearson(failures, runs)
    assert (found.low, found.high) == (pytest.approx(low, abs=6e-5), pytest.approx(high, abs=6e-5))


def test_wilson_gives_the_known_interval() -> None:
    found = wilson(23, 1_000)
    assert (found.low, found.high) == (
        pytest.approx(0.0154, abs=6e-5),
        pytest.approx(0.0343, abs=6e-5),
    )


@pytest.mark.parametrize(("rate", "runs"), [(0.003, 998), (0.012, 249), (0.023, 129)])
def test_so_many_runs_show_a_failure_with_95_percent(rate: float, runs: int) -> None:
    assert runs_to_see(rate) == runs


def test_intervals_cover_the_true_rate_in_at_least_95_percent_of_campaigns() -> None:
    draw, covered = random.Random(7), 0
    for _ in range(2_000):
        failures = sum(draw.random() < 0.1 for _ in range(150))
        interval = clopper_pearson(failures, 150)
        covered += interval.low <= 0.1 <= interval.high
    assert 0.93 <= covered / 2_000 <= 0.98


def test_a_ratio_counts_runs_and_not_what_is_in_them() -> None:
    draw = random.Random(3)
    rates = [draw.choice((0.0, 0.02)) for _ in range(300)]  # runs differ: half of them are bad
    parts = [sum(draw.random() < rate for _ in range(100)) for rate in rates]
    rate, interval = ratio(parts, [100.0] * 300, entropy=1)
    assert interval.low < 0.01 < interval.high
    naive = clopper_pearson(sum(parts), 300 * 100)
    assert interval.high - interval.low > naive.high - naive.low
    assert rate == sum(parts) / 30_000


def test_a_mean_of_equal_scores_has_an_interval_nevertheless() -> None:
    found = mean_interval([100.0] * 20, 100.0, entropy=0)
    assert (found.low, found.high) == (pytest.approx(83.16, abs=0.01), 100.0)
    varied = mean_interval([100.0, 50.0] * 50, 100.0, entropy=0)
    assert varied.low < 75.0 < varied.high
    assert varied.high - varied.low < 15


@pytest.mark.parametrize(("failures", "runs"), [(-1, 10), (11, 10), (0, 0)])
def test_impossible_numbers_are_refused(failures: int, runs: int) -> None:
    with pytest.raises(BadOption, match="no rate can be had of that"):
        clopper_pearson(failures, runs)

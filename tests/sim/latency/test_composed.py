"""Capped, measured, summed, mixed, correlated, stormy latencies: the right distributions."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from statistics import NormalDist, fmean

import pytest

from raceexplore import Replay, by_name
from raceexplore.sim import (
    CalmStorm,
    Correlated,
    Empirical,
    Exponential,
    Fixed,
    Latency,
    LogNormal,
    Mixture,
    Sum,
    Uniform,
)
from raceexplore.sim.latency.composed import Weighted
from simulated import drawn

DRAWS = 20_000


def random_draws(latency: Latency, count: int = DRAWS, entropy: int = 3) -> list[float]:
    return drawn(latency, by_name("random", entropy=entropy), count)


@pytest.mark.parametrize(("median_s", "sigma"), [(0.09, 0.1), (0.08, 0.4), (1.0, 0.5), (0.02, 1.0)])
def test_w1_lognormal_is_within_the_dkw_bound_of_its_curve_and_three_errors_of_its_mean(
    median_s: float, sigma: float
) -> None:
    sample = sorted(random_draws(LogNormal(median_s, sigma)))
    normal = NormalDist(math.log(median_s), sigma)
    distance = max(
        max(abs(rank / DRAWS - share), abs((rank + 1) / DRAWS - share))
        for rank, value in enumerate(sample)
        for share in [normal.cdf(math.log(value))]
    )
    assert distance < 0.0115  # Dvoretzky, Kiefer, Wolfowitz: 99 % for n = 20,000
    mean_s = median_s * math.exp(sigma**2 / 2)
    error = mean_s * math.sqrt((math.exp(sigma**2) - 1) / DRAWS)
    assert abs(fmean(sample) - mean_s) < 3 * error


def test_w2_a_cap_is_hit_as_often_as_eleven_draws_in_a_row_exceed_it() -> None:
    capped = LogNormal(0.09, 0.5, cap_s=0.09)
    at_cap = sum(capped.quantile((k + 0.5) / 1_000_000) == 0.09 for k in range(999_000, 1_000_000))
    assert at_cap == pytest.approx(1_000_000 * 0.5**11, abs=2)  # 488 of a million
    assert max(random_draws(capped, 2_000)) <= 0.09
    assert LogNormal(0.09, 0.5, cap_s=9.0).quantile(0.5) == pytest.approx(0.09, rel=1e-6)


def test_quantiles_fix_a_lognormal() -> None:
    fitted = LogNormal.from_quantiles(p50_s=0.09, p99_s=0.9)
    assert fitted.quantile(0.5) == pytest.approx(0.09)
    assert fitted.quantile(0.99) == pytest.approx(0.9)


def test_an_exponential_has_its_mean_and_its_median() -> None:
    assert Exponential(2.0).quantile(0.5) == pytest.approx(2.0 * math.log(2))
    assert fmean(random_draws(Exponential(2.0))) == pytest.approx(2.0, rel=0.03)


def test_measured_seconds_come_as_often_as_they_were_measured() -> None:
    measured = Empirical([0.3, 0.1, 0.1, 0.2])
    assert [measured.quantile(share) for share in (0.1, 0.5, 0.7, 0.9)] == [0.1, 0.1, 0.2, 0.3]
    sample = random_draws(measured)
    assert sample.count(0.1) == pytest.approx(DRAWS / 2, rel=0.05)


def test_a_csv_file_is_read_with_and_without_a_name_for_its_column(tmp_path: Path) -> None:
    plain, named = tmp_path / "plain.csv", tmp_path / "named.csv"
    plain.write_text("0.2\n0.1\n\n0.3\n")
    named.write_text("path,seconds\n/a,0.2\n/b,0.1\n")
    assert Empirical.from_csv(plain).seconds == (0.1, 0.2, 0.3)
    assert Empirical.from_csv(named, "seconds").seconds == (0.1, 0.2)
    with pytest.raises(ValueError, match="which column"):
        Empirical.from_csv(named)
    with pytest.raises(ValueError, match=r"line 2: no number of seconds: \['/a', '0.2'\]"):
        Empirical.from_csv(named, "path")


def test_a_sum_draws_each_of_its_parts() -> None:
    both = Uniform(0.0, 1.0) + Fixed(5.0) + Uniform(0.0, 1.0)
    assert isinstance(both, Sum)
    assert drawn(both, Replay(), 1) == [6.0]
    sample = random_draws(both)
    assert fmean(sample) == pytest.approx(6.0, abs=0.02)
    assert fmean((value - 6.0) ** 2 for value in sample) == pytest.approx(1 / 6, rel=0.05)


def test_a_mixture_takes_its_parts_by_weight_and_the_first_one_on_the_default_schedule() -> None:
    mixed = Mixture((0.9, Fixed(1.0)), (0.1, Fixed(9.0)))
    assert drawn(mixed, Replay(), 3) == [1.0, 1.0, 1.0]
    assert random_draws(mixed).count(9.0) == pytest.approx(DRAWS / 10, rel=0.1)
    rare_first = Mixture((0.01, Fixed(1.0)), (0.99, Fixed(9.0)))
    assert drawn(rare_first, Replay(), 1) == [1.0]


def test_weights_are_kept_over_all_steps() -> None:
    options = Weighted((0.7, 0.2, 0.1))
    counts = [0, 0, 0]
    for index in range(len(options)):
        counts[options[index]] += 1
    assert [count / len(options) for count in counts] == pytest.approx([0.7, 0.2, 0.1], abs=1e-4)
    assert options[0] == 0


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9])
def test_correlated_calls_keep_the_distribution_and_have_the_correlation(rho: float) -> None:
    sample = random_draws(Correlated(LogNormal(1.0, 0.5), rho))
    scores = [math.log(value) / 0.5 for value in sample]
    assert fmean(scores) == pytest.approx(0.0, abs=0.12)
    assert fmean(each**2 for each in scores) == pytest.approx(1.0, abs=0.12)
    lagged = fmean(a * b for a, b in pairwise(scores))
    assert lagged / fmean(each**2 for each in scores) == pytest.approx(rho, abs=0.03)


def test_a_storm_comes_goes_and_stays_as_long_as_its_chain_says() -> None:
    weather = CalmStorm(Fixed(1.0), Fixed(9.0), storm_comes=0.05, storm_goes=0.2)
    assert set(drawn(weather, Replay(), 50)) == {1.0}
    sample = random_draws(weather)
    assert sample.count(9.0) / DRAWS == pytest.approx(0.05 / 0.25, rel=0.1)
    lengths = "".join("s" if each == 9.0 else "." for each in sample).split(".")
    storms = [len(each) for each in lengths if each]
    assert fmean(storms) == pytest.approx(1 / 0.2, rel=0.1)


def test_nothing_of_a_storm_is_left_for_the_next_run() -> None:
    weather = CalmStorm(Fixed(1.0), Fixed(9.0), storm_comes=0.9, storm_goes=0.01)
    first = random_draws(weather, 20)
    assert random_draws(weather, 20) == first


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: LogNormal(-1, 0.1), "median_s must be above 0, not -1"),
        (lambda: LogNormal(1, 0.1, cap_s=0.5), r"cap_s must be 1 \(the median\) or more, not 0.5"),
        (lambda: LogNormal.from_quantiles(p50_s=2, p99_s=1), "p50_s <= p99_s must hold"),
        (lambda: Exponential(0), "mean_s must be above 0, not 0"),
        (lambda: Empirical([]), "at least one measured latency"),
        (lambda: Empirical([0.1, -0.2]), r"0 seconds or more, not \[-0.2\]"),
        (Mixture, "at least one latency"),
        (lambda: Mixture((0, Fixed(1))), r"a weight must be above 0, not \[0\]"),
        (lambda: Correlated(Fixed(1), 1.0), "rho must be from 0 to below 1, not 1.0"),
        (lambda: CalmStorm(Fixed(1), Fixed(2), 0, 0.5), "storm_comes must be between 0 and 1"),
    ],
)
def test_wrong_latencies_are_refused_with_the_number(make: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()  # type: ignore[operator]

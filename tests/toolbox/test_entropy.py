"""Streams of draws: the same for the same arguments, for ever, on every machine."""

from __future__ import annotations

from itertools import islice

from raceexplore.toolbox import draws


def test_a_stream_depends_on_its_arguments_only() -> None:
    # written down: another machine, Python or hash seed must give the same
    assert list(islice(draws(0, 0), 3)) == [4228404459, 4031333928, 1526364344]
    assert next(islice(draws(0, 0), 1_000, None)) == 2843463109
    assert next(draws(0, 1)) != next(draws(1, 0)) != next(draws(0, 0))


def test_indexes_below_a_bound_are_uniform() -> None:
    counts = [0, 0, 0]
    for number in islice(draws(7, 3), 30_000):
        counts[number * 3 >> 32] += 1
    # 4.5 standard deviations of a binomial: 4.5 * sqrt(30_000 * 1/3 * 2/3) = 367
    assert all(abs(count - 10_000) < 367 for count in counts), counts


def test_first_numbers_of_the_runs_of_a_campaign_are_uniform() -> None:
    counts = [0] * 16
    for run in range(16_000):
        counts[next(draws(1, run)) >> 28] += 1
    # 4.5 * sqrt(16_000 * 1/16 * 15/16) = 138
    assert all(abs(count - 1_000) < 138 for count in counts), counts

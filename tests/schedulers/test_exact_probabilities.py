"""random and pct hit what they must, as often as they must: 20,000 runs within 4.5 sigma.

The probabilities were found by enumeration. PCT's are those of the paper's rule (a task that is
demoted by change point i gets priority i): with demotion below everything, "abcba" would be 0.
"""

from __future__ import annotations

from fractions import Fraction as Ratio
from math import sqrt

import pytest

from orders import sample
from raceexplore import by_name

RUNS = 20_000
ENTROPY = 2026


def expect(hits: int, probability: Ratio) -> None:
    p = float(probability)
    sigma = sqrt(RUNS * p * (1 - p))
    print(f"{hits} hits, {RUNS * p:.0f} expected, {(hits - RUNS * p) / (sigma or 1):+.1f} sigma")
    assert abs(hits - RUNS * p) <= 4.5 * sigma


def loses_an_update(order: str) -> bool:
    """Each task reads in its first event and writes in its second: only serial orders are safe."""
    return any(order[i] != order[i + 1] for i in range(0, len(order), 2))


@pytest.mark.parametrize(
    ("spec", "tasks", "probability"),
    [
        ("random", 2, 1 - Ratio(1, 2)),
        ("random", 3, 1 - Ratio(1, 6)),
        ("random", 4, 1 - Ratio(1, 24)),
        ("pct:depth=1,length=6", 3, Ratio(0)),
        ("pct:depth=2,length=4", 2, Ratio(1, 4)),
        ("pct:depth=2,length=6", 3, Ratio(1, 3)),
        ("pct:depth=2,length=8", 4, Ratio(3, 8)),
        ("pct:depth=3,length=4", 2, Ratio(7, 16)),
        ("pct:depth=3,length=6", 3, Ratio(5, 9)),
        ("pct:depth=3,length=8", 4, Ratio(39, 64)),
    ],
)
def test_lost_updates_are_as_likely_as_they_must_be(
    spec: str, tasks: int, probability: Ratio
) -> None:
    found = sample(by_name(spec, entropy=ENTROPY), RUNS, *[2] * tasks)
    lost = sum(count for order, count in found.items() if loses_an_update(order))
    expect(lost, probability)


@pytest.mark.parametrize(
    ("spec", "law"),
    [
        ("random", [Ratio(1, 2), Ratio(1, 4), Ratio(1, 8), Ratio(1, 16), Ratio(1, 16)]),
        (
            "pct:depth=2,length=5",
            [Ratio(1, 2), Ratio(1, 10), Ratio(1, 10), Ratio(1, 10), Ratio(1, 5)],
        ),
    ],
)
def test_a_single_step_falls_after_j_of_four(spec: str, law: list[Ratio]) -> None:
    found = sample(by_name(spec, entropy=ENTROPY), RUNS, 4, 1)
    for order, probability in zip(["baaaa", "abaaa", "aabaa", "aaaba", "aaaab"], law, strict=True):
        expect(found[order], probability)


@pytest.mark.parametrize(
    ("spec", "probability"),
    [
        ("random", Ratio(1, 4)),
        ("pct:depth=2,length=3", Ratio(1, 6)),  # exactly the bound 1/(n k)
        ("pct:depth=3,length=3", Ratio(5, 18)),
    ],
)
def test_a_step_is_caught_between_two(spec: str, probability: Ratio) -> None:
    found = sample(by_name(spec, entropy=ENTROPY), RUNS, 2, 1)
    expect(found["aba"], probability)


@pytest.mark.parametrize(
    ("spec", "probability"),
    [("random", Ratio(1, 54)), ("pct:depth=4,length=5", Ratio(2, 125))],
)
def test_patterns_of_depth_four_are_hit(spec: str, probability: Ratio) -> None:
    found = sample(by_name(spec, entropy=ENTROPY), RUNS, 2, 2, 1)
    expect(found["abcba"], probability)
    expect(found["abcab"], probability)

"""The samplers hit shared-memory bugs as often as theory says: 20,000 runs within 4.5 sigma.

The probabilities were found by enumerating every order of choices and of priorities, by code that
is no part of this project; those of POS are the published ones where there are any.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction as Ratio
from math import sqrt

import pytest

from exact import Case, dining, hits, lost_update, pattern, position, reorder, two_stage
from raceexplore import by_name

RUNS = 20_000

Expected = tuple[str, Callable[[], Case], Ratio]


def law(spec: str, chances: list[Ratio], *, racing: bool) -> list[Expected]:
    """B's only event after exactly 0, 1, 2, ... of A's."""
    m = len(chances) - 1
    return [
        (spec, lambda j=j: position(m, j, racing=racing), chance)
        for j, chance in enumerate(chances)
    ]


R = Ratio
POS: list[Expected] = [
    ("pos", lambda: lost_update(2), R(1, 3)),
    ("pos", lambda: lost_update(3), R(2, 3)),
    ("pos", lambda: lost_update(4), R(13, 15)),
    ("pos", lambda: reorder(1), R(1, 8)),
    ("pos", lambda: reorder(2), R(169, 1680)),
    ("pos", lambda: two_stage(1), R(1, 6)),
    ("pos", lambda: two_stage(2), R(29, 180)),
    ("pos", lambda: dining(2), R(1, 3)),
    ("pos", lambda: dining(3), R(1, 5)),
    ("pos", lambda: dining(4), R(37, 315)),
    ("pos", lambda: pattern("aba"), R(1, 4)),
    ("pos", lambda: pattern("abcba"), R(1, 54)),
    ("pos", lambda: pattern("abcab"), R(1, 54)),
    *law("pos", [R(1, 2), R(1, 4), R(1, 8), R(1, 16), R(1, 16)], racing=True),
    *law("pos", [R(1, 2), R(1, 6), R(1, 12), R(1, 20), R(1, 5)], racing=False),
]
URW: list[Expected] = [
    ("urw", lambda: lost_update(2), R(2, 3)),
    ("urw", lambda: lost_update(3), R(14, 15)),
    ("urw", lambda: two_stage(1), R(1, 6)),
    ("urw", lambda: two_stage(2), R(7, 45)),
    ("urw", lambda: dining(2), R(2, 3)),
    ("urw", lambda: dining(3), R(8, 15)),
    ("urw", lambda: pattern("aba"), R(1, 3)),
    ("urw", lambda: pattern("abcba"), R(1, 30)),
    *law("urw", [R(1, 5)] * 5, racing=True),
]
# one object, all of whose accesses can be freely ordered: uniform
SURW: list[Expected] = [
    ("surw", lambda: lost_update(2), R(2, 3)),
    ("surw", lambda: lost_update(3), R(14, 15)),
    ("surw", lambda: pattern("abcba"), R(1, 30)),
    *law("surw", [R(1, 5)] * 5, racing=True),
]
BASELINES: list[Expected] = [
    ("random", lambda: reorder(1), R(1, 16)),
    ("random", lambda: two_stage(1), R(1, 8)),
    ("random", lambda: two_stage(2), R(10, 81)),
    ("random", lambda: dining(2), R(1, 2)),
    ("random", lambda: dining(3), R(1, 3)),
    ("pct:depth=2,length=4", lambda: two_stage(1), R(1, 8)),
    ("pct:depth=3,length=6", lambda: two_stage(2), R(11, 108)),
    ("pct:depth=2,length=4", lambda: dining(2), R(1, 4)),
    ("pct:depth=3,length=6", lambda: dining(3), R(13, 72)),
]
QUICK = [POS[0], POS[8], URW[0], SURW[0], BASELINES[3]]


def check(spec: str, case: Case, chance: Ratio) -> None:
    count, p = hits(case, by_name(spec, entropy=2026), RUNS), float(chance)
    sigma = sqrt(RUNS * p * (1 - p))
    print(f"{count} hits, {RUNS * p:.0f} expected, {(count - RUNS * p) / sigma:+.1f} sigma")
    assert abs(count - RUNS * p) <= 4.5 * sigma


@pytest.mark.parametrize(("spec", "case", "chance"), QUICK)
def test_the_first_of_each_kind(spec: str, case: Callable[[], Case], chance: Ratio) -> None:
    check(spec, case(), chance)


@pytest.mark.slow
@pytest.mark.parametrize(("spec", "case", "chance"), [*POS, *URW, *SURW, *BASELINES])
def test_every_exact_value(spec: str, case: Callable[[], Case], chance: Ratio) -> None:
    check(spec, case(), chance)

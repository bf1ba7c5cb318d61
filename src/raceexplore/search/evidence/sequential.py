"""When to stop: how many clean runs tell a mended program from one that fails as often as before.

Source: A. Wald, Sequential tests of statistical hypotheses, Annals of Mathematical Statistics 16
(1945); Q. McNemar, Note on the sampling error of the difference between correlated proportions,
Psychometrika 12 (1947), in its exact form.
"""

from __future__ import annotations

import math

from raceexplore.kernel.errors import BadOption
from raceexplore.search.evidence.intervals import scipy_stats

IMPROVEMENT = 10.0
ERROR = 0.05


def clean_runs(rate: float, improvement: float = IMPROVEMENT, error: float = ERROR) -> int:
    """Return after how many runs without a failure the sequential test ends for the fix.

    It decides between ``rate`` and ``rate / improvement``, and is wrong in at most ``error`` of
    all cases on either side: a program that fails at ``rate`` is clean for so long in fewer than
    that. One failure ends it the other way, since a mended program is to have none. Raises
    `BadOption` for a rate that is none.
    """
    if not 0 < rate < 1:
        raise BadOption(f"a rate to exclude lies between 0 and 1, not at {rate}")
    step = math.log1p(-rate / improvement) - math.log1p(-rate)
    return math.ceil(math.log((1 - error) / error) / step)


def mcnemar(only_before: int, only_after: int) -> float:
    """Return how likely so uneven a table is if both fail equally often (two sides, exact)."""
    uneven = only_before + only_after
    if not uneven:
        return 1.0
    return float(scipy_stats().binomtest(only_before, uneven, 0.5).pvalue)

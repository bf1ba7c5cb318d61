"""Intervals for a rate: what so many failures in so many runs allow to say.

Source: C. J. Clopper and E. S. Pearson, The use of confidence or fiducial limits, Biometrika 26
(1934); E. B. Wilson, Probable inference, JASA 22 (1927).
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from raceexplore.kernel.errors import BadOption

CONFIDENCE = 0.95
RESAMPLES = 2_000


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a rate lies with this confidence: from ``low`` to ``high``, both shares of 1."""

    low: float
    high: float
    confidence: float = CONFIDENCE

    def __str__(self) -> str:
        return f"{percent(self.low)} to {percent(self.high)}"


def clopper_pearson(failures: int, runs: int, confidence: float = CONFIDENCE) -> Interval:
    """Return the exact two-sided interval of a rate; no failures give 0 as the lower end.

    It covers the true rate in at least ``confidence`` of all campaigns. Raises `BadOption` for
    numbers that are none, or without scipy (the extra ``stats``).
    """
    if not 0 <= failures <= runs or runs < 1:
        raise BadOption(f"{failures} failures in {runs} runs: no rate can be had of that")
    beta: Any = scipy_stats().beta
    tail = (1 - confidence) / 2
    low = 0.0 if failures == 0 else float(beta.ppf(tail, failures, runs - failures + 1))
    high = 1.0 if failures == runs else float(beta.ppf(1 - tail, failures + 1, runs - failures))
    return Interval(low, high, confidence)


def wilson(failures: int, runs: int, confidence: float = CONFIDENCE) -> Interval:
    """Return Wilson's score interval, which is shorter on average; for plots."""
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = failures / runs
    centre = share + z * z / (2 * runs)
    half = z * math.sqrt(share * (1 - share) / runs + z * z / (4 * runs * runs))
    whole = 1 + z * z / runs
    return Interval((centre - half) / whole, (centre + half) / whole, confidence)


def bound(runs: int, confidence: float = CONFIDENCE) -> float:
    """Return the rate that ``runs`` runs without a failure exclude: about 3 / runs at 95 %."""
    return float(1 - (1 - confidence) ** (1 / runs))


def runs_to_see(rate: float, confidence: float = CONFIDENCE) -> int:
    """Return how many runs show a failure of this rate with this probability."""
    return math.ceil(math.log(1 - confidence) / math.log1p(-rate))


def ratio(
    parts: Sequence[float], wholes: Sequence[float], entropy: int, confidence: float = CONFIDENCE
) -> tuple[float, Interval]:
    """Return the sum of ``parts`` by the sum of ``wholes``, with a bootstrap interval.

    The runs are drawn again, not what is counted in them: orders of one run are not independent.
    Where no part was counted at all there is nothing to draw: then the interval is that of runs
    with any, which holds if a run counts no more parts than wholes.
    Source: B. Efron, Bootstrap methods, Annals of Statistics 7 (1979); percentile interval.
    """
    total = sum(wholes)
    if not total:
        raise BadOption("no run counted anything: there is no rate")
    if not any(parts):
        return 0.0, clopper_pearson(0, len(parts), confidence)
    draw, count = random.Random(entropy), len(parts)
    ratios = []
    for _ in range(RESAMPLES):
        chosen = draw.choices(range(count), k=count)
        whole = sum(wholes[i] for i in chosen)
        ratios.append(sum(parts[i] for i in chosen) / whole if whole else 0.0)
    ratios.sort()
    tail = (1 - confidence) / 2
    low, high = ratios[int(tail * RESAMPLES)], ratios[int((1 - tail) * RESAMPLES) - 1]
    return sum(parts) / total, Interval(low, high, confidence)


def mean_interval(
    values: Sequence[float], top: float, entropy: int, confidence: float = CONFIDENCE
) -> Interval:
    """Return where the mean of what ``values`` are drawn from lies; each is from 0 to ``top``.

    A bootstrap over the values. Where all are the same there is nothing to draw: then any other one
    has a share that so many draws exclude, and may be as far as 0 or ``top``.
    """
    count = len(values)
    if len(set(values)) == 1:
        other, same = clopper_pearson(0, count, confidence).high, values[0]
        return Interval(same * (1 - other), same + (top - same) * other, confidence)
    _, found = ratio(values, [1.0] * count, entropy, confidence)
    return found


def percent(share: float) -> str:
    """Return a share as a percentage with three digits that count: ``0.299 %``."""
    return f"{share * 100:.3g} %"


def scipy_stats() -> Any:
    """Return scipy's statistics. Raises `BadOption` where it is not installed."""
    try:
        from scipy import stats
    except ModuleNotFoundError:
        raise BadOption(
            "intervals need scipy; pip install 'raceexplore[stats]' brings it"
        ) from None
    return stats

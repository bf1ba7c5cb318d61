"""Calls that end just when a deadline comes: no drawn number ever meets one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

TIES = 4  # options of a latency: as it was drawn, or until one of the next three deadlines


def until(index: int, now: float, deadlines: Iterable[float], within: tuple[float, float]) -> float:
    """Return the seconds until the deadline that ``index``, from 1, stands for; NaN without any.

    within: the shortest and the longest time that the call may take. Of fewer deadlines than
    there are options each stands for several.
    """
    low, high = within
    dues = sorted({due for due in deadlines if low <= due - now <= high})[: TIES - 1]
    return exactly(now, dues[(index - 1) % len(dues)]) if dues else math.nan


def exactly(now: float, due: float) -> float:
    """Return the seconds that added to ``now`` give ``due``, to the last bit."""
    seconds = due - now
    while now + seconds < due:
        seconds = math.nextafter(seconds, math.inf)
    while now + seconds > due:
        seconds = math.nextafter(seconds, -math.inf)
    return seconds

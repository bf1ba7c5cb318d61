"""What a campaign that found nothing has shown, in words, and not a word more."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from raceexplore.kernel.scheduler import Tells

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from raceexplore.kernel.scheduler import Scheduler

RUNS_MIN, A_CLASS_MIN, CHANCE_MAX = 20, 2.5, 0.15  # where `whole` begins to hold
NORMAL_95 = 1.96


def certificate(scheduler: Scheduler, *, doubtful: bool, failed: bool) -> tuple[str, ...]:
    """Return what the runs have shown; nothing once one has failed.

    doubtful: runs depend on those before them, or were cut short, so that they show nothing.
    """
    return scheduler.known() if isinstance(scheduler, Tells) and not (failed or doubtful) else ()


def unseen(drawn: Mapping[int, int]) -> float | None:
    """Return Good-Turing's estimate that the next such run shows a new trace class.

    The number of classes seen exactly once over the number of runs (Good, Biometrika 1953).
    drawn: how often each class was seen, in runs that were drawn: those of an exhaustive search
    never show a class twice, and say nothing. None if none was drawn.
    """
    runs = sum(drawn.values())
    return sum(count == 1 for count in drawn.values()) / runs if runs else None


def whole(drawn: Mapping[int, int]) -> tuple[int, int] | None:
    """Return between which two numbers that of all trace classes lies, in 95 of 100 campaigns.

    None where too little has been seen to say so: fewer than 20 runs, or than 2.5 for each class
    seen, or a chance above 0.15 that the next shows a new one. Classes that hardly any run shows
    are below any such estimate.
    Source: Chao, Scandinavian Journal of Statistics 1984, and Biometrics 1987 (the interval, from
    a normal distribution of the logarithm of what is unseen).
    """
    runs, chance = sum(drawn.values()), unseen(drawn)
    if chance is None or runs < max(RUNS_MIN, A_CLASS_MIN * len(drawn)) or chance > CHANCE_MAX:
        return None
    seen, share = len(drawn), (runs - 1) / runs
    once = sum(count == 1 for count in drawn.values())
    twice = sum(count == 2 for count in drawn.values())
    missing, variance = _missing(once, twice, share)
    if not twice and missing:
        variance -= share**2 * once**4 / (4 * (seen + missing))
    if missing <= 0:
        return seen, seen
    spread = math.exp(NORMAL_95 * math.sqrt(math.log(1 + max(variance, 0.0) / missing**2)))
    return math.floor(seen + missing / spread), math.ceil(seen + missing * spread)


def _missing(once: int, twice: int, share: float) -> tuple[float, float]:
    """Return Chao's estimate of how many classes are unseen, and its variance."""
    if twice:
        ratio = once / twice
        powers = ratio**2 / 2 * share + share**2 * ratio**3 + share**2 * ratio**4 / 4
        return share * once**2 / (2 * twice), twice * powers
    missing = share * once * (once - 1) / 2
    return missing, missing + share**2 * once * (2 * once - 1) ** 2 / 4


def classes_seen(drawn: Mapping[int, int], relative: Sequence[str] = ()) -> str:
    """Return the numbers of `unseen` and `whole` in words; empty if no observed run was drawn.

    relative: what the classes are relative to.
    """
    chance = unseen(drawn)
    if chance is None:
        return ""
    runs, plural = sum(drawn.values()), "" if len(drawn) == 1 else "es"
    told = [
        f"{len(drawn):,} trace class{plural} in {runs:,} observed sampled run{'s' * (runs != 1)}",
        f"the next shows a new one with probability about {chance:.2g} (Good-Turing)",
    ]
    if (number := whole(drawn)) is not None:
        low, high = number
        told.append(f"{_between(low, high)} in all (Chao, 95 %)")
    if relative:
        told.append(f"relative: {'; '.join(relative[:1])}{' and more' * (len(relative) > 1)}")
    return "; ".join(told)


def _between(low: int, high: int) -> str:
    return f"{low:,} to {high:,}" if low < high else f"about {low:,}"

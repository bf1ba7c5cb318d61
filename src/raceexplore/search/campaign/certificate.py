"""What a campaign that found nothing has shown, in words, and not a word more."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from raceexplore.kernel.scheduler import Scheduler


def certificate(scheduler: Scheduler, *, complete: bool, failed: bool) -> tuple[str, ...]:
    """Return what the runs have shown; nothing once one has failed.

    A scheduler tells by ``known()``, or names its ``parts()``; one that proves only by completing
    (it has ``blocked``) is not asked before.
    """
    told: list[str] = []
    for part in getattr(scheduler, "parts", lambda: [scheduler])():
        known = getattr(part, "known", None)
        if known is not None and (complete or not hasattr(part, "blocked")):
            told += known()
    return () if failed else tuple(told)


def unseen(classes: Mapping[int, int]) -> float | None:
    """Return Good-Turing's estimate that the next such run shows a new trace class.

    The number of classes seen exactly once over the number of runs (Good, Biometrika 1953);
    honest for runs that were drawn independently. None if nothing was observed.
    """
    runs = sum(classes.values())
    return sum(count == 1 for count in classes.values()) / runs if runs else None


def classes_seen(classes: Mapping[int, int]) -> str:
    """Return the numbers of `unseen` in words, with Chao's lower bound on the whole (1984)."""
    chance = unseen(classes)
    if chance is None:
        return ""
    once = sum(count == 1 for count in classes.values())
    twice = sum(count == 2 for count in classes.values())
    whole = len(classes) + once * (once - 1) / (2 * (twice + 1))
    runs, plural = sum(classes.values()), "" if len(classes) == 1 else "es"
    return (
        f"{len(classes):,} trace class{plural} in {runs:,} observed run{'s' * (runs != 1)}; the"
        f" next shows a new one with probability about {chance:.2g} (Good-Turing); at least about"
        f" {whole:,.0f} in all (Chao)"
    )

"""One program on trio and on asyncio, one after the other, and what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from raceexplore.cli import status
from raceexplore.kernel.program import RUNTIMES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from raceexplore.search.campaign.found import Campaign


def compared(
    explored: Callable[..., Campaign],
    given: Mapping[str, Any],
    show: Callable[[Campaign], object],
) -> int:
    """Explore on each runtime, report each campaign, and say what only one of them shows.

    Return the worse of the two statuses.
    """
    kinds: dict[str, dict[str, None]] = {}
    statuses = []
    for runtime in RUNTIMES:
        campaign = explored(**{**given, "runtime": runtime})
        kinds[runtime] = {found.message: None for found in campaign.failures}
        click.echo(f"on {runtime}")
        show(campaign)
        statuses.append(status.campaign_status(campaign))
    click.echo("\n".join(differences(kinds)))
    return max(statuses)


def differences(kinds: Mapping[str, Mapping[str, None]]) -> list[str]:
    """Return in lines which failures, by their messages, one runtime shows and the other not."""
    lines = []
    for runtime, other in (RUNTIMES, RUNTIMES[::-1]):
        lines += [
            f"only on {runtime}: {text}" for text in kinds[runtime] if text not in kinds[other]
        ]
    both = " and ".join(RUNTIMES)
    count = len(kinds[RUNTIMES[0]])
    return lines or [f"{both} show the same: {count} failure{'s' * (count != 1)}"]

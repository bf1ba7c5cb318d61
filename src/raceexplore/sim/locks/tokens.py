"""Values that no two acquisitions share, the same under every schedule."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from raceexplore.kernel.world import World


def unique_token(world: World) -> str:
    """Return a text that names the running task and how many tokens it has had.

    Real clients draw 20 random bytes; a number that counts all acquisitions would tell who came
    first, and so differ between two orders that are the same to everybody else.
    """
    counts: Counter[str] = world.remember("lock tokens", Counter)
    counts[world.task] += 1
    return f"{world.task}:{counts[world.task]}"

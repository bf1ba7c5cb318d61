"""What is wrong with a real server, in one line."""

from __future__ import annotations

from raceexplore.kernel.errors import RaceExploreError


class ServerTrouble(RaceExploreError):
    """A real server does not answer, or does not let us do what a run needs."""

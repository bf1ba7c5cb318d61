"""Virtual time: seconds from 0 that pass only when the run loop says so."""

from __future__ import annotations

import trio


class VirtualClock(trio.abc.Clock):
    """A trio clock that stands still; ``now`` is in seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def start_clock(self) -> None:
        """Nothing to start."""

    def current_time(self) -> float:
        """Return the virtual time, in seconds."""
        return self.now

    def deadline_to_sleep_time(self, deadline: float) -> float:
        """Return how far ``deadline`` is from now, in seconds."""
        return deadline - self.now

    def jump_to(self, moment_s: float) -> None:
        """Move to ``moment_s``; the clock never goes backwards."""
        self.now = max(self.now, moment_s)

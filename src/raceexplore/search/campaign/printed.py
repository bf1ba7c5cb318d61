"""What a failing run prints: all runs of a campaign are silent, and this one is worth reading."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING

from raceexplore.kernel.errors import RaceExploreError
from raceexplore.kernel.fence.watchdog import watching
from raceexplore.kernel.run import run_once
from raceexplore.kernel.scheduler import Replay
from raceexplore.search.programs.silence import breakpoints_passed

if TYPE_CHECKING:
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Limits

LETTERS_MAX = 100_000


class _Kept(io.StringIO):
    """Text, up to a length; the rest is forgotten."""

    def write(self, text: str) -> int:
        """Keep ``text`` while there is room."""
        super().write(text[: max(0, LETTERS_MAX - self.tell())])
        return len(text)


def printed(run: Run, limits: Limits) -> str:
    """Return what ``run`` prints and logs; it is done once more. Empty if it cannot be."""
    kept = _Kept()
    with redirect_stdout(kept), redirect_stderr(kept), breakpoints_passed():
        try:
            with watching(limits.wall_s):
                run_once(run.program, Replay(run.schedule), limits=limits, settings=run.settings)
        except RaceExploreError:
            return ""
    return kept.getvalue()

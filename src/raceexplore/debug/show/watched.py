"""A kept run once more, for who looks into it after each of its events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raceexplore.kernel.run import run_once
from raceexplore.kernel.scheduler import Replay
from raceexplore.search.programs.silence import silence

if TYPE_CHECKING:
    from collections.abc import Callable

    from raceexplore.kernel.events.trace import Event
    from raceexplore.search.corpus.replay import Stored


def replay_watched(stored: Stored, watch: Callable[[Event, Any], None]) -> None:
    """Replay ``stored``, unobserved; after each event call ``watch`` with it and its coroutine."""
    with silence():
        run_once(
            stored.program,
            Replay(stored.seed.schedule),
            limits=stored.limits,
            settings=stored.seed.settings,
            record=True,
            watch=watch,
        )

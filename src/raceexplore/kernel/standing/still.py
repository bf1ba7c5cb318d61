"""A run that stands still while a person looks around in it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

from raceexplore.kernel.errors import ProcessEnded
from raceexplore.kernel.fence.chance import shared
from raceexplore.kernel.fence.outside import outside
from raceexplore.kernel.fence.serving import state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.kernel.fence.serving import Guarded


class _Still:
    """Stands for the run: what is asked of it changes nothing."""

    def __init__(self, run: Guarded) -> None:
        self.entropy, self._now_s = run.entropy, run.now()

    def now(self) -> float:
        """Return the virtual time, in seconds."""
        return self._now_s

    def sleep(self, seconds: float) -> None:
        """Let no time pass."""

    def stream(self) -> int:
        """Return the stream of the quiet day: nothing is chosen."""
        return 0

    def leave(self, what: str, tool: str) -> NoReturn:
        """Let the call fail, and the run go on."""
        raise outside(what, tool)

    def end_process(self, what: str) -> NoReturn:
        """Let the call fail, and the run go on."""
        raise ProcessEnded(what)

    def unraisable(self, error: BaseException, where: str) -> None:
        """Take no notice."""

    def warn(self, text: str) -> None:
        """Take no notice."""


@contextmanager
def still() -> Iterator[None]:
    """Within the block, clocks show the run's time and randomness is its own, but neither moves.

    For what a person evaluates in the middle of a run. Does nothing outside one.
    """
    run = state.run
    if run is None:
        yield
        return
    position = shared.position()
    state.run = _Still(run)
    try:
        yield
    finally:
        state.run = run
        shared.go_back(position)

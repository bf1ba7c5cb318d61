"""The errors that raceexplore itself raises; a program's own failure is never one of them."""

from __future__ import annotations

import shlex


class RaceExploreError(Exception):
    """We or our caller are wrong: always escapes, never becomes a `Run.failure`.

    ``exit_status`` is what the command line ends with.
    """

    exit_status = 2


class BadChoice(RaceExploreError):
    """A scheduler chose an index that is not below the bound of its choice point."""

    exit_status = 70


class BadSeed(RaceExploreError):
    """A seed is damaged, truncated, foreign or from a newer version."""


class BadProgram(RaceExploreError):
    """The program cannot be found or imported, or is not an async function we can call."""


class NeedsPytest(BadProgram):
    """The program is a pytest test, and only pytest can make its fixtures. node_id: of the test."""

    def __init__(self, node_id: str) -> None:
        super().__init__(
            f"{node_id} is a pytest test, and only pytest makes its fixtures; replay it with"
            f" pytest {shlex.quote(node_id)} --race-replay=SEED, or with raceexplore replay SEED"
        )
        self.node_id = node_id


class BadOption(RaceExploreError):
    """A scheduler or a setting was given a name or a value that it does not have."""


class Inconclusive(RaceExploreError):
    """The runs say nothing: cut by a limit, or a condition that had to hold once never did."""

    exit_status = 3


class Refused(RaceExploreError):
    """The run would not be worth its name: it would not replay."""

    exit_status = 4


class UnsupportedTrio(Refused):
    """The installed trio lacks what the run loop needs, or is older than 0.22.2."""


class OutsideWorld(Refused):
    """The program reached for something no schedule controls: a socket, a thread, asyncio."""


class NotDeterministic(Refused):
    """The same schedule gave two different runs."""


class Diverged(Refused):
    """A replay left the recorded schedule."""


class ProcessDied(Refused):
    """A run ends the process that does it, each time."""


class NoProcesses(RaceExploreError):
    """The machine gives us no processes, or no more of them."""

    exit_status = 74


class Interrupted(BaseException):
    """Ctrl-C in the middle of a run: thrown into it, so that it ends at once."""


class ProcessEnded(BaseException):
    """Raised in place of a call that would have ended the process."""


class Stuck(BaseException):
    """Thrown into an event that has used up the wall-clock limit without reaching an await."""

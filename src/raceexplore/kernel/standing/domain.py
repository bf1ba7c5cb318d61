"""The state of a program in its own words: what it has named by `World.state`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from raceexplore.kernel.run import world
from raceexplore.kernel.standing.still import still

if TYPE_CHECKING:
    from collections.abc import Callable


class NoAnswer:
    """Stands for a state whose ``look`` raised; error: the type of the exception and its text."""

    def __init__(self, error: str) -> None:
        self.error = error


def domain() -> dict[str, object]:
    """Return the states that the program of the run in progress has named, as they are now.

    The run stands still meanwhile, and what is read is no event's doing: nothing changes by it.
    """
    here = world()
    if not here.states:
        return {}
    with still(), here.unnoted():
        return {name: _seen(look) for name, look in here.states.items()}


def _seen(look: Callable[[], object]) -> object:
    try:
        return look()
    except Exception as error:  # noqa: BLE001 the program's own code
        return NoAnswer(type(error).__name__)

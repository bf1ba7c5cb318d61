"""What a simulated service says to a question that it has no model of."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from raceexplore.kernel.errors import RaceExploreError


class Unmodelled(RaceExploreError):
    """A simulated service was asked for what it does not model; it never guesses."""


class MissingExtra(RaceExploreError):
    """A library is missing that this part of the simulation stands on."""


def library(name: str) -> ModuleType:
    """Return the module ``name`` of the extra ``sim``. Raises `MissingExtra` if it is missing."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.partition(".")[0] != name.partition(".")[0]:
            raise
        raise MissingExtra(
            f"the library {name.partition('.')[0]!r} is not installed; "
            "pip install 'raceexplore[sim]' brings it"
        ) from None

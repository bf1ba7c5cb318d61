"""What makes a program not deterministic: state that outlives a run, and where objects lie."""

from __future__ import annotations

import sys
from functools import cache, partial
from random import Random
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any, NamedTuple

from raceexplore.search.campaign.left_behind import functions_of, left_behind, shape

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from raceexplore.kernel.program import Program

# of all the classes that Python's allocator has for small objects
SIZES = [size for size in range(16, 400, 16) for _ in range(40)]


class Before(NamedTuple):
    """What was there before the first run: texts for the state, and the names of the modules."""

    state: Mapping[str, str]
    loaded: Collection[str]

    def changed(self, state: Mapping[str, str]) -> list[str]:
        """Return the names of what has another state than it had."""
        return [name for name in self.state if state.get(name) != self.state[name]]


NOTHING_BEFORE = Before({}, ())


def before_runs(program: Program) -> Before:
    """Return what is there now."""
    loaded = frozenset(sys.modules)
    return Before(snapshot(program, loaded), loaded)


def snapshot(program: Program, loaded: Collection[str]) -> dict[str, str]:
    """Return a text for all that is there before a run, which changes when its state does.

    That is each fixture, what the function closes over or is bound to, and each global of the
    project's modules (`left_behind`). Runs no code of the program. Default arguments and class
    attributes count as state of their function and class.
    """
    held = {f"the fixture {name!r}": value for name, value in program.fixtures.items()}
    for function in functions_of(program.function):
        held.update(_around(function))
    return {what: shape(value) for what, value in held.items()} | left_behind(program, loaded)


def _around(function: Any) -> Iterator[tuple[str, object]]:
    """Yield what ``function`` holds and can reach by name, with the words for it."""
    if isinstance(function, MethodType):
        yield f"the {type(function.__self__).__name__} that it is bound to", function.__self__
    if isinstance(function, partial):
        yield "an argument of its partial", (function.args, function.keywords)
    if not isinstance(function, FunctionType):
        return
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    for name, cell in cells:
        try:
            yield f"the variable {name!r}", cell.cell_contents
        except ValueError:  # not assigned yet
            continue


def scattered(turn: int) -> list[object]:
    """Return objects that take, here and there, the places that the allocator would give next."""
    taken, freed = _places(turn)
    blocks = list(map(bytes, SIZES))
    kept: list[object] = [blocks[place] for place in taken]
    for place in freed:  # in this order the allocator gives them again, the last one first
        blocks[place] = b""
    return kept


@cache
def _places(turn: int) -> tuple[list[int], list[int]]:
    """Return which of the objects are kept, and the order in which the others are given back.

    Shuffled once a process, since that takes as long as a hundred short runs.
    """
    places = list(range(len(SIZES)))
    Random(turn).shuffle(places)
    half = len(places) // 2
    return places[:half], places[half:]

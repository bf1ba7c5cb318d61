"""What makes a program not deterministic: state that outlives a run, and where objects lie."""

from __future__ import annotations

from functools import cache, partial
from random import Random
from types import FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

from raceexplore.observe.effects.values import namespace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.kernel.program import Program

DEPTH = 4
# of all the classes that Python's allocator has for small objects
SIZES = [size for size in range(16, 400, 16) for _ in range(40)]
WIDEST = 200  # elements of one container that are looked at
PLAIN = (bool, int, float, complex, str, bytes, type(None))


def snapshot(program: Program) -> dict[str, str]:
    """Return a text for all that is there before a run, which changes when its state does.

    That is each fixture, what the function closes over or is bound to, and each global of its
    module. Runs no code of the program. Default arguments and class attributes count as state of
    their function and class.
    """
    held = {f"the fixture {name!r}": value for name, value in program.fixtures.items()}
    for function in _functions(program.function):
        held.update(_around(function))
    return {what: _shape(value, DEPTH) for what, value in held.items()}


def _functions(function: Any) -> Iterator[Any]:
    """Yield ``function`` and what it stands for: the method, the wrapped, the partial's."""
    while function is not None:
        if not str(getattr(function, "__module__", "")).startswith("raceexplore."):
            yield function
        inner = getattr(function, "__func__", None) or getattr(function, "__wrapped__", None)
        function = inner or (function.func if isinstance(function, partial) else None)


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
    for name, value in function.__globals__.items():
        if not (name.startswith("__") or issubclass(type(value), ModuleType)):
            yield f"the global {name!r}", value


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


def _shape(value: Any, depth: int) -> str:
    kind = type(value)
    if kind in PLAIN:
        return repr(value)
    if depth == 0:
        return kind.__name__
    if issubclass(kind, dict):
        items = list(dict.items(value))[:WIDEST]
        inside = [f"{_shape(k, depth - 1)}: {_shape(v, depth - 1)}" for k, v in items]
    elif issubclass(kind, (list, tuple)):
        inside = [_shape(item, depth - 1) for item in list.__iter__(list(value))][:WIDEST]
    elif issubclass(kind, (set, frozenset)):
        inside = sorted(_shape(item, depth - 1) for item in list(value)[:WIDEST])
    else:
        inside = [_inside(value, depth)]
    return f"{kind.__name__}({', '.join(inside)})"


def _inside(value: Any, depth: int) -> str:
    if type(value) is FunctionType:
        return _shape((value.__defaults__, value.__kwdefaults__), depth - 1)
    if issubclass(type(value), type):
        own = {k: v for k, v in vars(value).items() if not k.startswith("__")}
        return _shape(own, depth - 1)
    return _shape(namespace(value), depth - 1)

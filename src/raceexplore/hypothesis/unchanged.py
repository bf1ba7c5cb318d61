"""Whether a function may be called again: all it can reach is as it was before it was called."""

from __future__ import annotations

import builtins
import sys
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from enum import Enum
from functools import partial
from pathlib import PurePath
from types import (
    BuiltinFunctionType,
    CellType,
    CodeType,
    FunctionType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import TYPE_CHECKING, Any, Final

from raceexplore.kernel.standing.walk import is_user_file
from raceexplore.observe.effects.locations import SCALARS
from raceexplore.observe.effects.values import cell_content, namespace, slot_content

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from raceexplore.kernel.outcome import Run

STEPS: Final = 3_000  # events that nobody asked for, on top of the run that was
MOST: Final = 300  # objects looked at: more would take longer than a run
# made of C and never changed in place; what a logger remembers decides nothing
CONSTANT: Final = frozenset(
    {"builtins.range", "datetime.datetime", "datetime.date", "datetime.time", "datetime.timedelta",
     "datetime.timezone", "decimal.Decimal", "uuid.UUID", "re.Pattern", "logging.Logger",
     "builtins.wrapper_descriptor", "builtins.method_descriptor", "builtins.getset_descriptor"}
)  # fmt: skip
# how to get at what a container holds, and at the value of a scalar with a class of its own
ELEMENTS: Final[dict[type, Callable[[Any], Iterable[object]]]] = {
    OrderedDict: lambda value: (*OrderedDict.__iter__(value), *dict.items(value)),
    dict: dict.items,
    **{kind: kind.__iter__ for kind in (list, tuple, deque, set, frozenset)},
    int: lambda value: (int.__int__(value),),
    str: lambda value: (str.__str__(value),),
    float: lambda value: (float.__float__(value),),
    partial: lambda value: (value.func, value.args, value.keywords),
    BaseException: lambda value: (BaseException.__dict__["args"].__get__(value),),
}


class _Opaque(Exception):
    """Something is reached that may change without being seen to."""


class Reach:
    """What a function could reach before a test case ran it, and what was run since."""

    def __init__(self, function: Callable[..., Any], arguments: tuple[object, ...]) -> None:
        self._call = function, arguments
        self._before = picture(*self._call)
        self.steps = 0

    def unchanged_by(self, run: Run) -> bool:
        """Return whether the function may be run once more after ``run``, within `STEPS`."""
        self.steps += run.steps
        if self._before is None or self.steps > STEPS:
            return False
        return self._before == picture(*self._call)


def picture(function: Callable[..., Any], arguments: Iterable[object]) -> list[object] | None:
    """Return what ``function(*arguments)`` can reach, as a list that differs once it has changed.

    That is the arguments, the closure and the defaults, and the globals and class attributes that
    the program's own code names. None where a change might not show: an iterator, a lock, a file,
    or more than `MOST` objects. Runs no code of the program.
    """
    seen: list[object] = []
    met: dict[int, tuple[int, object]] = {}  # by identity, each kept alive and told by its ordinal
    todo: list[object] = [*arguments, function]
    try:
        while todo:
            value = todo.pop()
            kind = type(value)
            if kind in SCALARS:
                seen.append((kind, value))
            elif id(value) in met:
                seen.append(met[id(value)][0])
            elif len(met) == MOST:
                return None
            else:
                met[id(value)] = (len(met), value)
                inside = list(_inside(value, kind))
                seen.append((kind, len(inside)))
                todo += inside
    except _Opaque:
        return None
    return seen


def _inside(value: Any, kind: type) -> Iterator[object]:
    """Return what ``value`` holds."""
    if kind is FunctionType:
        return _of_function(value)
    if kind is CellType:
        return iter(cell_content(value))
    if kind in (MethodType, BuiltinFunctionType):
        return iter((value.__self__, getattr(value, "__func__", None)))
    if kind is ModuleType:
        return iter(())
    if issubclass(kind, type):
        return _named(value) if _is_own(value.__module__) else iter(())
    return _of_object(value, kind)


def _of_function(function: FunctionType) -> Iterator[object]:
    yield from function.__closure__ or ()
    yield from (function.__defaults__, function.__kwdefaults__)
    if _is_own(function.__module__):
        yield from _named(function)


def _of_object(value: Any, kind: type) -> Iterator[object]:
    """Yield the elements, the attributes, and the class."""
    if f"{kind.__module__}.{kind.__qualname__}" in CONSTANT:
        return
    yield from _elements(value, kind)
    if kind.__module__ != "builtins":
        yield from namespace(value).values()
        for member in _slots(kind):
            yield from slot_content(member, value)
        if _is_own(kind.__module__):
            yield kind


def _elements(value: Any, kind: type) -> Iterator[object]:
    """Yield what ``value`` holds beside attributes. Raises `_Opaque` if that is not known."""
    base = next((base for base in ELEMENTS if issubclass(kind, base)), None)
    if base is not None:
        yield from ELEMENTS[base](value)
    elif issubclass(kind, PurePath) or not _is_of_python(kind):
        raise _Opaque  # of a path, it is the file that changes


def _slots(kind: type) -> list[MemberDescriptorType]:
    members = [pair for base in kind.__mro__ for pair in vars(base).items()]
    return [m for name, m in members if type(m) is MemberDescriptorType and name != "__dict__"]


def _is_of_python(kind: type) -> bool:
    """Return whether objects of ``kind`` have nothing but attributes: C may hide more in them."""
    size = 8 * (len(_slots(kind)) + (kind.__weakrefoffset__ > 0) + (kind.__dictoffset__ > 0))
    return kind.__itemsize__ == 0 and kind.__basicsize__ == object.__basicsize__ + size


def _is_own(module: str) -> bool:
    """Return whether a module is the program's own code. Raises `_Opaque` for Hypothesis's."""
    if module.partition(".")[0] == "hypothesis":
        raise _Opaque  # to draw, or to steer it, is to change the test case
    file = getattr(sys.modules.get(module), "__file__", None)
    return file is not None and is_user_file(file)


_known: dict[object, tuple[object, list[tuple[Mapping[str, object], str]], list[object]]] = {}


def _named(owner: FunctionType | type) -> Iterator[object]:
    """Yield the data that the code of ``owner``, and the code that it names, call by name."""
    key = owner.__code__ if isinstance(owner, FunctionType) else owner
    space = owner.__globals__ if isinstance(owner, FunctionType) else None
    if key not in _known or _known[key][0] is not space:
        _known[key] = (space, *_search(owner))
    _, places, functions = _known[key]
    for names, name in places:
        yield names.get(name)
    for function in functions:
        yield from function.__closure__ or ()  # type: ignore[attr-defined]
        yield from (function.__defaults__, function.__kwdefaults__)  # type: ignore[attr-defined]


def _search(owner: FunctionType | type) -> tuple[list[Any], list[Any]]:
    """Return the places of data that ``owner`` names, and the functions met on the way."""
    places: dict[tuple[int, str], tuple[Mapping[str, object], str]] = {}
    functions: list[FunctionType] = []
    todo: list[Any] = [owner]
    met: list[Any] = []
    while todo:
        found = todo.pop()
        if any(found is one for one in met):
            continue
        met.append(found)
        if isinstance(found, FunctionType):
            functions += [found] if found is not owner else []
            near = _places_of_code(found)
        else:
            near = _places_of_class(found)
        for space, name in near:
            value = _unwrapped(space.get(name))
            if isinstance(value, (FunctionType, type)):
                todo += [value] if _is_own(value.__module__) else []
            else:
                places[id(space), name] = (space, name)
    return list(places.values()), functions


def _unwrapped(value: Any) -> Any:
    if isinstance(value, (staticmethod, classmethod)):
        return value.__func__
    return value.fget if isinstance(value, property) else value


def _places_of_code(function: FunctionType) -> Iterator[tuple[Any, str]]:
    """Yield the places that the names of its code may mean: globals, also those of own modules."""
    names, space = _names(function.__code__), function.__globals__
    for name in names:
        value = space.get(name)
        if isinstance(value, ModuleType):
            inner = vars(value) if _is_own(value.__name__) else {}
            yield from ((inner, name) for name in names if name in inner)
        elif name in space or not hasattr(builtins, name):
            yield space, name


def _places_of_class(kind: type) -> Iterator[tuple[Any, str]]:
    """Yield the places of all attributes that are not Python's own."""
    if issubclass(kind, Enum):
        return  # a constant, full of its machinery
    for space in [vars(base) for base in kind.__mro__ if _is_own(base.__module__)]:
        for name, value in space.items():
            dunder = name.startswith("__") and not isinstance(value, FunctionType)
            if not dunder and type(value) is not MemberDescriptorType:
                yield space, name


def _names(code: CodeType) -> tuple[str, ...]:
    """Return the names of globals and attributes in ``code`` and in the functions inside it."""
    inner = [name for c in code.co_consts if isinstance(c, CodeType) for name in _names(c)]
    # pytest rewrites assertions; by such names, which nobody can write, they find pytest itself
    own = [name for name in code.co_names if not name.startswith("@")]
    return tuple(dict.fromkeys([*own, *inner]))

"""What runs leave behind in modules: a text for each of their globals, which tells its state."""

from __future__ import annotations

import itertools
import sys
from functools import partial
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from raceexplore.observe.effects.values import namespace
from raceexplore.search.programs.project import is_project_file

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from raceexplore.kernel.program import Program

    Variables = dict[str, Any]

DEPTH = 4
WIDEST = 200  # elements of one container that are looked at
PLAIN = (bool, int, float, complex, str, bytes, type(None), itertools.count)


def left_behind(program: Program, loaded: Collection[str]) -> dict[str, str]:
    """Return a text for each global of the program's module, and of those of its project.

    Those are found by the names that lead to them, in code too. A module that is not among the
    names ``loaded`` was imported since, by a run: it is looked at too. Runs no code of the program.
    """
    own = [f.__globals__ for f in functions_of(program.function) if type(f) is FunctionType]
    late = [module for name, module in tuple(sys.modules.items()) if name not in loaded]
    told: dict[str, str] = {}
    for variables in _reached(own, late):
        home = "" if any(variables is one for one in own) else f" of {variables.get('__name__')}"
        for name, value in tuple(variables.items()):
            if not (name.startswith("__") or _is_elsewhere(value, variables)):
                told[f"the global {name!r}{home}"] = shape(value)
    return told


def functions_of(function: Any) -> Iterator[Any]:
    """Yield ``function`` and what it stands for: the method, the wrapped, the partial's."""
    while function is not None:
        if not str(getattr(function, "__module__", "")).startswith("raceexplore."):
            yield function
        inner = getattr(function, "__func__", None) or getattr(function, "__wrapped__", None)
        function = inner or (function.func if isinstance(function, partial) else None)


def _reached(own: list[Variables], late: Iterable[ModuleType]) -> Iterator[Variables]:
    """Yield the variables of each module of the project that ``own`` leads to, each once."""
    queue = [*own, *(vars(module) for module in late if _is_project(module))]
    seen: set[int] = set()
    for variables in queue:
        if id(variables) in seen:
            continue
        seen.add(id(variables))
        yield variables
        modules = [found for value in tuple(variables.values()) for found in _leads_to(value)]
        queue += [vars(module) for module in modules if _is_project(module)]


def _leads_to(value: object) -> Iterator[ModuleType]:
    """Yield the module that ``value`` is or was made by, and those that its code imports."""
    module = _module(value)
    if module is not None:
        yield module
    inside = namespace(value).values() if issubclass(type(value), type) else (value,)
    codes = [function.__code__ for function in inside if type(function) is FunctionType]
    for code in codes:
        codes += [const for const in code.co_consts if type(const) is CodeType]
        yield from (sys.modules[name] for name in code.co_names if name in sys.modules)


def _module(value: object) -> ModuleType | None:
    """Return ``value`` if it is a module, or the module that made it, a function or a class."""
    kind = type(value)
    if issubclass(kind, ModuleType):
        return value  # type: ignore[return-value]
    if kind is FunctionType:
        name: object = value.__module__
    else:
        name = namespace(value).get("__module__") if issubclass(kind, type) else None
    return sys.modules.get(name) if type(name) is str else None


def _is_elsewhere(value: object, variables: Variables) -> bool:
    """Return whether ``value`` is a module, or made by another, which is looked at by itself."""
    module = _module(value)
    if module is None or module is value:
        return module is value
    there = vars(module)
    return there is not variables and any(value is one for one in tuple(there.values()))


def _is_project(module: object) -> bool:
    """Return whether ``module`` is the user's own."""
    file = namespace(module).get("__file__")
    return type(file) is str and is_project_file(file)


def shape(value: Any, depth: int = DEPTH) -> str:
    """Return a text for ``value`` and what is in it, which changes when its state does."""
    kind = type(value)
    if kind in PLAIN:
        return repr(value)
    if depth == 0:
        return kind.__name__
    items: Sequence[Any] = ()
    if issubclass(kind, dict):
        items = tuple(dict.items(value))
        inside = [f"{shape(k, depth - 1)}: {shape(v, depth - 1)}" for k, v in items[:WIDEST]]
    elif issubclass(kind, (list, tuple)):
        items = list((list if issubclass(kind, list) else tuple).__iter__(value))
        inside = [shape(item, depth - 1) for item in items[:WIDEST]]
    elif issubclass(kind, (set, frozenset)):
        items = list((set if issubclass(kind, set) else frozenset).__iter__(value))
        inside = sorted(shape(item, depth - 1) for item in items[:WIDEST])
    else:
        inside = [_inside(value, depth)]
    if len(items) > WIDEST:
        inside.append(f"{len(items)} in all")
    return f"{kind.__name__}({', '.join(inside)})"


def _inside(value: Any, depth: int) -> str:
    if type(value) is FunctionType:
        return shape((value.__defaults__, value.__kwdefaults__), depth - 1)
    if issubclass(type(value), type):
        own = {k: v for k, v in vars(value).items() if not k.startswith("__")}
        return shape(own, depth - 1)
    return shape(namespace(value), depth - 1)

"""What every task can reach from the start: the objects that observed modules hold.

A module's list, lock or registry is let out by no event, since nobody stores it or hands it over in
a run. Its name is the variable that holds it and its place in there, whoever touches it first.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from types import BuiltinFunctionType, CellType, FunctionType, MethodType, ModuleType
from typing import Any, Final

from raceexplore.kernel.errors import Refused
from raceexplore.kernel.fence.hostile import is_a, name_of
from raceexplore.observe.effects.by_class_of_object import MARK
from raceexplore.observe.effects.trio_primitives import has_state_elsewhere, state_of
from raceexplore.observe.effects.values import namespace
from raceexplore.observe.ledger.naming import is_plain, parts

REACH_MAX: Final = 100_000

Landmarks = dict[int, tuple[object, str]]
NONE: Final[Landmarks] = {}


@lru_cache(maxsize=8)  # each keeps its program alive
def landmarks(function: Callable[..., Any], modules: Sequence[ModuleType] = ()) -> Landmarks:
    """Return the objects that observed modules hold, by id, with their names; keeps them alive.

    Starts at the module of ``function`` and at ``modules``, those of libraries, and goes on to the
    observed modules that it can reach. Found once, before the first run: what a run stores is let
    out by the event that stores it.
    """
    found: Landmarks = {id(sys.modules): (sys.modules, "sys.modules")}
    known: dict[int, dict[str, Any]] = {}
    code = function.__func__ if is_a(function, MethodType) else function
    waiting = deque([code.__globals__] if is_a(code, FunctionType) else [])
    waiting.extend(vars(module) for module in modules)
    while waiting:
        variables = waiting.popleft()
        if id(variables) in known or MARK not in variables:
            continue
        known[id(variables)] = variables
        module = str(variables.get("__name__"))
        for name, value in variables.items():
            if not name.startswith("__"):
                waiting.extend(_walk(value, f"{module}.{name}", found))
    return found


def _walk(value: object, name: str, found: Landmarks) -> Iterator[dict[str, Any]]:
    """Name all that ``value`` holds; yield the variables of the modules that come in sight."""
    number = 0
    seen: set[int] = set()
    queue = deque([value])
    while queue and len(found) < REACH_MAX:
        here: Any = queue.popleft()
        if issubclass(type(here), ModuleType):
            yield vars(here)
            continue
        if id(here) in seen or id(here) in found:
            continue
        seen.add(id(here))
        if issubclass(type(here), type):
            members = list(namespace(here).values())
            if _are_ours(members) or namespace(here).get("__module__") == name.rpartition(".")[0]:
                queue.extend(members)
            continue
        if _is_plain(here, name):
            continue
        if issubclass(type(here), FunctionType):
            yield here.__globals__
            if MARK not in here.__globals__:
                continue
        elif not issubclass(type(here), MethodType | BuiltinFunctionType):
            _name(here, f"{name}:{number}", found)
            number += 1
        queue.extend(_inside(here))


def _is_plain(here: object, name: str) -> bool:
    kind = type(here)
    try:
        return is_plain[kind]
    except Exception as error:
        told = (
            f"{name} holds an object of {name_of(kind)}, a class whose metaclass gives it no hash"
        )
        raise Refused(told) from error


def _name(here: object, place: str, found: Landmarks) -> None:
    kept = state_of(here) if has_state_elsewhere[type(here)] else here
    found.setdefault(id(kept), (kept, f"{place}.{type(kept).__name__}"))
    own = namespace(here)
    if type(here).__dictoffset__:  # the same places by another way
        found[id(own)] = (own, found[id(kept)][1])


def _inside(value: Any) -> list[object]:
    """Return what ``value`` holds; of a function also its defaults and attributes."""
    held = parts(value)
    if issubclass(type(value), staticmethod | classmethod):
        held.append(value.__func__)
    elif issubclass(type(value), property):
        held += [value.fget, value.fset, value.fdel]
    elif not issubclass(type(value), FunctionType | CellType):
        held.append(type(value))
    return [part for part in held if part is not None]


def _are_ours(members: Iterable[object]) -> bool:
    """Return whether an observed module made the class that has ``members``; asks none of them."""
    found: list[Any] = [
        member.fget if issubclass(type(member), property) else member  # type: ignore[attr-defined]
        for member in members
    ]
    return any(type(code) is FunctionType and MARK in code.__globals__ for code in found)

"""Schedulers by name: ``pct:depth=3`` is the class in schedulers/pct.py with that option."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.errors import BadOption

if TYPE_CHECKING:
    from types import ModuleType

    from raceexplore.kernel.scheduler import Scheduler


PACKAGE = "raceexplore.schedulers"
KINDS = {int: "a whole number", float: "a number", bool: "true or false"}


def names() -> list[str]:
    """Return the names of the schedulers, in alphabetical order."""
    return list(_names())


@cache  # the portfolio asks for a dozen at the start of each campaign
def _names() -> tuple[str, ...]:
    path = importlib.import_module(PACKAGE).__path__
    return tuple(sorted(module.name for module in pkgutil.iter_modules(path)))


def available() -> dict[str, type]:
    """Return every scheduler class by name, in alphabetical order."""
    return {name: _class(name) for name in names()}


def options(scheduler: type) -> dict[str, Any]:
    """Return the options of a scheduler class with their defaults, less the entropy."""
    fields = dataclasses.fields(scheduler)
    return {f.name: f.default for f in fields if f.init and f.name != "entropy"}


def fields(scheduler: Any) -> dict[str, Any]:
    """Return the options that ``scheduler``, a dataclass, was made with, the entropy included."""
    return {f.name: getattr(scheduler, f.name) for f in dataclasses.fields(scheduler) if f.init}


def by_name(spec: str, *, entropy: int = 0) -> Scheduler:
    """Return the scheduler that ``spec`` names, e.g. ``pct:depth=3,length=40``.

    Raises `BadOption` for a name or option that there is not; the message lists those there are.
    """
    name, _, text = spec.partition(":")
    known_names = names()
    if name not in known_names:
        there_are = ", ".join(known_names)
        raise BadOption(f"no scheduler {name!r}{_hint(name, known_names)}; there are {there_are}")
    scheduler = _class(name)
    known = options(scheduler)
    given: dict[str, Any] = {}
    for part in filter(None, text.split(",")):
        key, equals, value = part.partition("=")
        if key not in known or not equals:
            has = ", ".join(f"{k}={v}" for k, v in known.items()) or "none"
            raise BadOption(f"scheduler {name!r} has no option {part!r}; it has {has}")
        given[key] = _value(name, key, value, known[key])
    if any(f.name == "entropy" for f in dataclasses.fields(scheduler)):
        given["entropy"] = entropy
    made: Scheduler = scheduler(**given)
    return made


def _value(name: str, key: str, text: str, default: Any) -> Any:
    kind = type(default)
    try:
        if kind is bool:
            return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
        return kind(text)
    except (ValueError, KeyError):
        raise BadOption(
            f"scheduler {name!r}: {key} is {KINDS.get(kind, kind)}, not {text!r}"
        ) from None


def _class(name: str) -> Any:
    return _scheduler(importlib.import_module(f"{PACKAGE}.{name}"), name)


@cache  # by the module: it may have been loaded anew
def _scheduler(module: ModuleType, name: str) -> Any:
    for value in vars(module).values():
        ours = inspect.isclass(value) and value.__module__ == module.__name__
        if ours and dataclasses.is_dataclass(value) and hasattr(value, "choose"):
            return value
    raise BadOption(f"schedulers/{name}.py holds no scheduler (a dataclass with choose)")


def _hint(name: str, names: list[str]) -> str:
    close = get_close_matches(name, names, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""

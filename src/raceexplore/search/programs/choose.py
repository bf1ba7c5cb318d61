"""Which function of a module is the program, and how each run calls it."""

from __future__ import annotations

import inspect
from functools import partial
from types import FunctionType
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.errors import BadProgram
from raceexplore.kernel.program import needed_arguments, signature_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    from raceexplore.search.programs.target import Target

PREFERRED = ("main", "program")
STARTED = "__raceexplore_started__"  # the variable for what a module runs when it is imported


def choose(module: ModuleType, target: Target) -> str:
    """Return the name of the program in ``module`` that is asked for, or the one to be meant."""
    shown = target.shown
    public = {
        key: value
        for key, value in vars(module).items()
        if is_async(value) and not key.startswith("_") and _is_from(value, module, key)
    }
    if target.name:
        return _named(module, target, public)
    if STARTED in vars(module):
        started = vars(module)[STARTED]
        return next((key for key, value in vars(module).items() if value is started), STARTED)
    programs = {key: f for key, f in public.items() if _is_program(f)}
    named: list[str] = [key for key in PREFERRED if key in programs]
    chosen = named or list(programs)
    if len(chosen) == 1:
        return chosen[0]
    if chosen:
        choices = " or ".join(f"{shown}:{key}" for key in chosen)
        raise BadProgram(f"{shown} holds {len(chosen)} programs; name one: {choices}")
    found = ", ".join(f"async def {k}{_signature(f)}" for k, f in public.items())
    plain = [k for k, v in vars(module).items() if type(v) is FunctionType and k not in public]
    found = found or (f"plain functions {', '.join(plain[:8])}" if plain else "no function at all")
    raise BadProgram(
        f"{shown} holds no program (an async function without arguments, or with the world);"
        f" found: {found}"
    )


def _named(module: ModuleType, target: Target, public: Mapping[str, Any]) -> str:
    """Return the name that is asked for, if it calls a program."""
    value: Any = module
    for part in target.name.split("."):
        value = getattr(value, part, None)
    if not is_async(value):
        has = ", ".join(public) or "no async function"
        raise BadProgram(f"{target.shown} has no async function {target.name!r}; it has {has}")
    function = member(module, target.name, target.shown)
    if needed_arguments(function) > 1:
        raise BadProgram(
            f"{target.shown}:{target.name} takes arguments; a program takes none, or the world"
        )
    return target.name


def is_async(value: Any) -> bool:
    """Return whether a call of ``value`` gives something to await, as far as one can tell."""
    if issubclass(type(value), type) or not callable(value):
        return False
    inner = value
    while type(inner) is partial:
        inner = inner.func
    try:
        known = (inner, vars(type(inner)).get("__call__"), inspect.unwrap(inner))
        return any(map(inspect.iscoroutinefunction, known))
    except Exception:  # noqa: BLE001 a proxy may raise at any question
        return False


def _is_from(value: Any, module: ModuleType, key: str) -> bool:
    """Return whether ``value`` is the module's own, or what it means to be run."""
    inner = value.func if isinstance(value, partial) else value
    return key in PREFERRED or getattr(inner, "__module__", None) == module.__name__


def _is_program(function: Any) -> bool:
    parameters = list(_signature(function).parameters)
    needed = needed_arguments(function)
    return needed == 0 or (needed == 1 and parameters[0] == "world")


def _signature(function: Any) -> inspect.Signature:
    return signature_of(function)


def member(module: ModuleType, name: str, shown: str) -> Any:
    """Return what ``name`` calls in ``module`` as a function of that module, to be run anew.

    A bound method, a partial or a wrapper that another module made is called by one; so is a
    method, on an instance of its class that each run makes.
    """
    value: Any = module
    owner: Any = None
    for part in name.split("."):
        owner, value = value, getattr(value, part, None)
    own_method = isinstance(owner, type) and inspect.isfunction(value)
    static = own_method and isinstance(inspect.getattr_static(owner, part), staticmethod)
    if own_method and not static:
        if needed_arguments(owner):
            raise BadProgram(
                f"{shown}:{name} needs an instance, and {owner.__name__} takes arguments: write an"
                " async function that makes one and calls it"
            )

        def on_its_own(*args: Any) -> Any:
            return getattr(owner(), part)(*args)

        return _in_module(module, name, on_its_own, value, skip=1)
    if type(value) is FunctionType and value.__globals__ is vars(module):
        return value
    return _in_module(module, name, value, value)


def _in_module(module: ModuleType, name: str, call: Any, like: Any, skip: int = 0) -> FunctionType:
    """Return a function of ``module`` that does ``call``, with the parameters of ``like``."""

    def program(*args: Any, **kwargs: Any) -> Any:
        return call(*args, **kwargs)

    made = FunctionType(program.__code__, vars(module), name, None, program.__closure__)
    parameters = list(_signature(like).parameters.values())[skip:]
    made.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    made.__wrapped__ = like  # type: ignore[attr-defined]
    made.__module__, made.__qualname__ = module.__name__, name
    made.__name__ = name.rpartition(".")[2]
    return made

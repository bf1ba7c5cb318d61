"""What a call does whose code nobody observes: to what it belongs to, and to what it is given."""

from __future__ import annotations

import logging
import operator
import random
from dataclasses import MISSING
from enum import Enum, EnumMeta
from functools import lru_cache, partial
from io import IOBase
from types import (
    AsyncGeneratorType,
    BuiltinFunctionType,
    FunctionType,
    GeneratorType,
    ModuleType,
)
from typing import Any, Final, TypeVar

from raceexplore.kernel.fence.hostile import home_of, is_a
from raceexplore.observe.effects.by_class_of_object import (
    CACHE,
    MARK,
    UNCHANGING,
    effects,
    is_foreign,
    is_observed,
    logs,
)
from raceexplore.observe.effects.codes import (
    CLASS_ATTRIBUTE,
    DATA,
    FOREIGN,
    MODULE_ATTRIBUTE,
    READ,
    READ_KEY,
    SKIP,
    WRITE,
)
from raceexplore.observe.effects.library import Does, does, full_name, is_pythons
from raceexplore.observe.effects.locations import ALL, SCALARS
from raceexplore.observe.effects.values import member_of, peek, unbound
from raceexplore.observe.hooks import hook as hooks
from raceexplore.observe.hooks.contents import contents as contents_of
from raceexplore.observe.hooks.contents import note_inside
from raceexplore.observe.hooks.done_by import (
    CALLED,
    CODES,
    CODES_GIVEN,
    DESCRIPTORS,
    GETTERS,
    done_by,
    done_by_method,
    is_harmless,
    is_known,
    is_own,
    root,
)
from raceexplore.observe.hooks.note import in_order, note, note_package
from raceexplore.observe.ledger.ledger import Ledger
from raceexplore.observe.ledger.naming import parts

T = TypeVar("T")

GENERATORS: Final = (GeneratorType, AsyncGeneratorType)
PARTS: Final = frozenset({DATA, CLASS_ATTRIBUTE, MODULE_ATTRIBUTE})


def called(function: T) -> T:
    """Call something of which the source does not say what it is."""
    if hooks.active is not None:
        note_called(hooks.active, function)
    return function


def mapped(function: T) -> T:
    """Let a builtin call ``function`` for each of some elements, which are read as a whole."""
    if hooks.active is not None:
        note_mapped(hooks.active, function)
    return function


def method(obj: T, name: str) -> T:
    """Call ``obj.name(...)``: as `hooks.method`; data that is called is noted as `called` does."""
    ledger = hooks.active
    if ledger is not None:
        effect = effects[type(obj)][name]
        if effect == WRITE:
            ledger.write(obj, ALL)
        elif effect == READ and not in_order[type(obj)]:
            ledger.read(obj, ALL)
        elif effect:
            note(ledger, effect, obj, name)
            if effect in PARTS:
                note_part(ledger, obj, name)
    return obj


def note_part(ledger: Ledger, owner: Any, name: str) -> None:
    """Note the call of something that a class, a module or an instance holds."""
    if not is_a(owner, type):
        for value in peek(owner, name):
            note_called(ledger, value)
        return
    member = member_of(owner, name)
    code = unbound(member_of(type(owner), name) if member is None else member)
    if is_a(code, CODES) and not is_observed(code) and not is_harmless(owner, code, name):
        ledger.opaque(f"{home_of(owner)}.{owner.__qualname__}.{name}")


def called_last(value: T, function: object) -> T:
    """Return the last argument of such a call, of which one has awaited."""
    called(function)
    return value


def used(function: T, name: str) -> T:
    """Call a library function of that dotted name, which works on something hidden."""
    ledger = hooks.active
    if ledger is not None:
        _note_done(ledger, name)
    return function


def _note_done(ledger: Ledger, name: str) -> None:
    """Note what the library function of that dotted name touches beside its arguments."""
    done = does(name)
    if done == Does.DRAWS:
        ledger.write(random, "stream")
    elif done == Does.LOGS:
        if logs(logging.getLogger()):
            ledger.opaque(name)
    elif done == Does.HIDDEN:
        root = name.partition(".")[0]
        ours = is_pythons(root) or root in {"trio", "builtins"}
        ledger.opaque(name, package="" if ours else root)


def lent(value: T, function: object) -> T:
    """Give ``value`` to a call of ``function``."""
    ledger = hooks.active
    if ledger is not None and type(value) not in SCALARS:
        give(ledger, value, done_by(function))
    return value


def lent_to(value: T, obj: object, name: str) -> T:
    """Give ``value`` to a call of ``obj.name``."""
    ledger = hooks.active
    if ledger is not None and type(value) not in SCALARS:
        give(ledger, value, done_by_method(obj, name))
    return value


def later(function: T) -> T:
    """Give what code that nobody observes will call, or close, perhaps in other events."""
    ledger = hooks.active
    kind = type(function)
    if ledger is not None and kind not in GENERATORS and not is_own(function):
        note_called(ledger, function)
        owner = getattr(function, "__self__", None) if kind in CALLED else function
        if not is_a(owner, type | ModuleType | FunctionType) and type(owner) not in SCALARS:
            ledger.opaque(f"what is to be called later, a {type(owner).__qualname__},")
    return function


def note_called(ledger: Ledger, function: Any) -> None:
    """Note what a call of ``function`` does beyond what its code, if observed, will note."""
    kind = type(function)
    if kind is FunctionType:
        if MARK not in function.__globals__:
            _note_strange(ledger, function)
    elif kind in CALLED:
        _note_bound(ledger, function)
    elif kind is CACHE:
        ledger.write(function, ALL)
    elif issubclass(kind, type):
        _note_made(ledger, function)
    elif kind not in DESCRIPTORS and kind not in GETTERS:  # what those do to arguments is given
        effect = effects[kind]["__call__"]
        if effect:
            note(ledger, effect, function, "__call__")


def _note_made(ledger: Ledger, kind: type) -> None:
    """Note that an instance of a class is made."""
    if is_foreign(kind):
        note_package(ledger, kind)
    elif is_pythons(home_of(kind)) or home_of(kind).partition(".")[0] == "trio":
        if not issubclass(kind, BaseException | Enum) and type(kind) is not EnumMeta:
            _note_done(ledger, full_name(kind))
    else:
        for factory in factories(kind):
            note_called(ledger, factory)


@lru_cache(maxsize=1024)
def factories(kind: type) -> tuple[Any, ...]:
    """Return what makes the defaults of a dataclass, less what makes them out of nothing."""
    fields = vars(kind).get("__dataclass_fields__", {}).values()
    made = [field.default_factory for field in fields if field.default_factory is not MISSING]
    return tuple([code for code in made if not is_a(code, type) and not is_own(code)])


def _note_bound(ledger: Ledger, function: Any) -> None:
    """Note the call of a method that was looked up before, or of a partial function."""
    if type(function) is partial:
        ledger.read(function.keywords, ALL)
        note_called(ledger, function.func)
        done = done_by(function.func)
        for value in (*function.args, *function.keywords.values()):
            give(ledger, value, done)
        return
    owner, name = function.__self__, function.__name__
    if type(owner) is ModuleType:
        _note_done(ledger, full_name(function))
    elif is_a(owner, random.Random):
        ledger.write(random, "stream")
    elif is_a(owner, type) and not is_own(function):
        note_part(ledger, owner, name)
    elif not is_own(function) and (effect := effects[type(owner)][name]):
        note(ledger, effect, owner, name)


def _note_strange(ledger: Ledger, function: Any) -> None:
    """Note the call of a function that is not rewritten: it works on what it has kept, too."""
    if is_foreign(function):
        note_package(ledger, function)
    elif not is_observed(function) and root(function) != "raceexplore":
        _note_done(ledger, full_name(function))
    for cell in function.__closure__ or ():
        for held in parts(cell):
            give(ledger, held, Does.CHANGES)


def note_mapped(ledger: Ledger, function: Any) -> None:
    """Note the calls of ``function`` for elements that are noted as read, with all they hold."""
    kind = type(function)
    if kind in DESCRIPTORS:
        owner, name = function.__objclass__, function.__name__
        if not (owner in SCALARS or owner in UNCHANGING):
            effect = effects[owner][name] if is_known[owner] else FOREIGN
            if effect not in {READ, READ_KEY, SKIP}:
                ledger.opaque(f"{home_of(owner)}.{owner.__qualname__}.{name}")
    elif kind is operator.methodcaller:
        ledger.opaque("operator.methodcaller")
    elif kind is partial:
        note_called(ledger, function)
        note_mapped(ledger, function.func)
    elif kind is FunctionType or kind is BuiltinFunctionType:
        note_called(ledger, function)
        if done_by(function) in {Does.FIRST, Does.CHANGES} or function is next:
            ledger.opaque(full_name(function))
    elif function is not None:
        note_called(ledger, function)


def give(ledger: Ledger, value: Any, done: Does) -> None:
    """Note what a call does to what it is given, and to all that can be reached from there.

    A function among that is taken to be called.
    """
    kind = type(value)
    if done == Does.KEEPS or kind in SCALARS:
        return
    if kind in CALLED:
        note_called(ledger, value)
    if kind is tuple:
        for held in value:
            give(ledger, held, done)
        return
    effect = effects[kind]["__order__"]
    changes = done in {Does.FIRST, Does.CHANGES}
    if effect == FOREIGN:
        note(ledger, effect, value, "__order__")
    elif effect and changes and not issubclass(kind, ModuleType):
        ledger.write(value, ALL)
    if effect and effect != FOREIGN and not issubclass(kind, IOBase):
        note(ledger, effect, value, "__order__")
    if kind not in CALLED and kind is not FunctionType:
        note_inside(ledger, value, "__order__")


def contents(obj: T, name: str, inner: str) -> T:
    """Note ``name``, an operator's method, of ``obj``, and ``inner`` of what ``obj`` holds.

    Without a name, nobody else has ``obj`` itself. A function among operands is taken to be called.
    """
    ledger = hooks.active
    if ledger is not None:
        kind = type(obj)
        if kind not in SCALARS:
            if kind in GETTERS:
                ledger.opaque(f"what {kind.__name__} looks up")
            elif kind in CODES_GIVEN:
                note_mapped(ledger, obj)
            contents_of(obj, name, inner)
    return obj

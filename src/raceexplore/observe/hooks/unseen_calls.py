"""What a call does whose code nobody observes: to what it belongs to, and to what it is given."""

from __future__ import annotations

import operator
import random
import sys
from functools import partial
from types import (
    AsyncGeneratorType,
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    FunctionType,
    GeneratorType,
    GenericAlias,
    MethodDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any, Final, TypeVar

from raceexplore.observe.effects.by_class_of_object import (
    CACHE,
    MARK,
    effects,
    is_foreign,
    is_observed,
)
from raceexplore.observe.effects.codes import DATA, FOREIGN, READ, SKIP, TABLES, WRITE
from raceexplore.observe.effects.library import CHANGING, HARMLESS, OUT_OF_SIGHT, RANDOM, READING
from raceexplore.observe.effects.locations import ALL, SCALARS
from raceexplore.observe.effects.remember import Kinds
from raceexplore.observe.effects.trio_primitives import TABLES as PRIMITIVES
from raceexplore.observe.effects.values import member_of, namespace, peek
from raceexplore.observe.hooks import hook as hooks
from raceexplore.observe.hooks.contents import note_inside
from raceexplore.observe.hooks.note import in_order, note
from raceexplore.observe.ledger.ledger import Ledger
from raceexplore.observe.ledger.naming import parts

T = TypeVar("T")

NOTHING, READS, WRITES = range(3)  # what a call does to its arguments

DESCRIPTORS: Final = (MethodDescriptorType, WrapperDescriptorType, ClassMethodDescriptorType)
GETTERS: Final = (operator.itemgetter, operator.attrgetter, operator.methodcaller, GenericAlias)
CALLED: Final = (BuiltinFunctionType, MethodType, MethodWrapperType, partial)
GENERATORS: Final = (GeneratorType, AsyncGeneratorType)
_is_known: Final = Kinds(*PRIMITIVES, *TABLES)


def called(function: T) -> T:
    """Call something of which the source does not say what it is."""
    if hooks.active is not None:
        note_called(hooks.active, function)
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
            for value in peek(obj, name) if effect == DATA else ():
                note_called(ledger, value)
    return obj


def called_last(value: T, function: object) -> T:
    """Return the last argument of such a call, of which one has awaited."""
    called(function)
    return value


def used(function: T, name: str) -> T:
    """Call a library function that works on something hidden: the run's random numbers, say."""
    ledger = hooks.active
    if ledger is not None:
        if name in RANDOM:
            ledger.write(random, "stream")
        else:
            ledger.opaque()
    return function


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
        if not isinstance(owner, type | ModuleType | FunctionType) and type(owner) not in SCALARS:
            ledger.opaque()
    return function


def is_own(function: Any) -> bool:
    """Return whether a function is rewritten, so that its own code notes what it does."""
    kind = type(function)
    if kind is MethodType:
        return is_own(function.__func__)
    return kind is FunctionType and MARK in function.__globals__


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
        if is_foreign(function):
            ledger.opaque()
    elif kind not in DESCRIPTORS and kind not in GETTERS:
        effect = effects[kind]["__call__"]
        if effect:
            note(ledger, effect, function, "__call__")


def _note_bound(ledger: Ledger, function: Any) -> None:
    """Note the call of a method that was looked up before, or of a partial function."""
    if type(function) is partial:
        note_called(ledger, function.func)
        done = done_by(function.func)
        for value in (*function.args, *function.keywords.values()):
            give(ledger, value, done)
        return
    owner, name = function.__self__, function.__name__
    if type(owner) is ModuleType:
        if root(function) in RANDOM:
            ledger.write(random, "stream")
        elif f"{owner.__name__}.{name}" in OUT_OF_SIGHT:
            ledger.opaque()
    elif isinstance(owner, random.Random):
        ledger.write(random, "stream")
    elif not is_own(function):
        effect = effects[type(owner)][name]
        if effect:
            note(ledger, effect, owner, name)


def _note_strange(ledger: Ledger, function: Any) -> None:
    """Note the call of a function that is not rewritten: it works on what it has kept, too."""
    module = str(function.__module__).partition(".")[0]
    if module not in sys.stdlib_module_names and not is_observed(function):
        if module not in {"trio", "raceexplore"}:
            ledger.opaque()
    elif f"{function.__module__}.{function.__qualname__}" in OUT_OF_SIGHT:
        ledger.opaque()
    elif module in RANDOM:
        ledger.write(random, "stream")
    for cell in function.__closure__ or ():
        for held in parts(cell):
            give(ledger, held, WRITES)


def root(function: Any) -> str:
    """Return the module of a function, without those inside of it."""
    return str(getattr(function, "__module__", None) or "builtins").partition(".")[0]


def done_by(function: Any) -> int:
    """Return what a call of ``function`` does to its arguments."""
    kind = type(function)
    if kind is MethodType:
        return done_by(function.__func__)
    if kind is partial:
        return done_by(function.func)
    if is_own(function) or kind is CACHE:
        return NOTHING
    if kind in {BuiltinFunctionType, FunctionType} or issubclass(kind, type):
        return _done_by_plain(function)
    if kind in DESCRIPTORS or kind in GETTERS:
        return WRITES
    return NOTHING if effects[kind]["__call__"] == SKIP else WRITES


def _done_by_plain(function: Any) -> int:
    module = root(function)
    if module in HARMLESS or module not in sys.stdlib_module_names:
        return NOTHING  # the event is opaque, if nobody knows the module
    if issubclass(type(function), type):
        return READS
    owner = getattr(function, "__self__", None)
    if owner is not None and not isinstance(owner, ModuleType):
        return READS if _is_known[type(owner)] or type(owner) in SCALARS else WRITES
    return READS if module in READING and function.__name__ not in CHANGING else WRITES


def done_by_method(obj: Any, name: str) -> int:
    """Return what a call of ``obj.name`` does to its arguments."""
    kind = type(obj)
    if kind is ModuleType:
        return done_by(namespace(obj).get(name))
    if issubclass(kind, type):
        member = member_of(obj, name)
        if type(member) is ClassMethodDescriptorType or kind in SCALARS:
            return READS
        own = is_observed(getattr(member, "__func__", member))
        return NOTHING if own or member is None else WRITES
    member = member_of(kind, name)
    if member is None:
        return max((done_by(found) for found in peek(obj, name)), default=NOTHING)
    if _is_known[kind] or kind in SCALARS or is_observed(member):
        return NOTHING  # where it does something, the call's own hook has noted it
    return NOTHING if kind.__module__.partition(".")[0] in HARMLESS else WRITES


def give(ledger: Ledger, value: Any, done: int) -> None:
    """Note what a call does to what it is given, and to all that can be reached from there.

    A function among that is taken to be called.
    """
    kind = type(value)
    if done == NOTHING or kind in SCALARS:
        return
    if kind in CALLED:
        note_called(ledger, value)
    if kind is tuple:
        for held in value:
            give(ledger, held, done)
        return
    effect = effects[kind]["__match__"]
    if effect == FOREIGN:
        ledger.opaque()
    elif effect and done == WRITES and not issubclass(kind, ModuleType):
        ledger.write(value, ALL)
    elif effect:
        note(ledger, effect, value, "__match__")
    if kind not in CALLED and kind is not FunctionType:
        note_inside(ledger, value, "__match__")

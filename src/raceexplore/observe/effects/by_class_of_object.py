"""What an operation touches, by the class of its object: found once a class and name, then kept."""

from __future__ import annotations

import contextlib
import datetime as dt
import decimal
import fractions
import functools
import inspect
import io
import logging
import pathlib
import re
import types
import uuid
from contextvars import ContextVar, Token
from enum import Enum, EnumMeta
from typing import Final
from weakref import WeakKeyDictionary

from raceexplore.kernel.fence.hostile import home_of, is_a
from raceexplore.observe.effects.codes import (
    ATTRIBUTES,
    CACHED,
    CLASS_ATTRIBUTE,
    CLASS_DATA,
    DATA,
    FOREIGN,
    ITERATOR,
    MODULE_ATTRIBUTE,
    NAMESPACE,
    REACH,
    READ,
    SKIP,
    STORE,
    SUPER,
    TABLES,
    WEAK_KEYS,
    WRITE,
    Effect,
    Table,
)
from raceexplore.observe.effects.library import is_known_class, is_pythons
from raceexplore.observe.effects.remember import ByClass
from raceexplore.observe.effects.sorts import PRIMITIVES
from raceexplore.observe.effects.stored_names import expected
from raceexplore.observe.effects.values import namespace

MARK: Final = "__rx_module__"
"""A global variable of every observed module, so also of every function defined there."""

CODE: Final = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.ModuleType,
    type,
    classmethod,
    staticmethod,
    property,
    functools.partial,
)
"""Values that are code: to look one up by its name reads no shared state."""

UNCHANGING: Final = frozenset(
    {str, int, float, complex, bool, bytes, tuple, frozenset, range, slice, type(None), object}
    | {type(...), type(NotImplemented), types.CodeType, types.CoroutineType, types.GenericAlias}
    | {types.UnionType, types.BuiltinFunctionType, types.MethodType}
    | {dt.datetime, dt.date, dt.time, dt.timedelta, dt.timezone}
    | {decimal.Decimal, fractions.Fraction, uuid.UUID, re.Pattern, re.Match}
    | {pathlib.PurePath, pathlib.PurePosixPath, pathlib.PureWindowsPath, pathlib.PosixPath}
    | {Enum, ContextVar, Token, classmethod, staticmethod, property}
)
"""Classes whose instances never change, or change nothing that a schedule could show."""

SPECIAL: Final = {super: SUPER, type: CLASS_ATTRIBUTE, types.ModuleType: MODULE_ATTRIBUTE}
"""Objects for which the object itself decides, not its class."""

READERS: Final = frozenset(
    {"__getitem__", "__contains__", "__iter__", "__len__", "__eq__", "__lt__", "__bool__"}
    | {"__repr__", "__add__", "__reversed__"}
)
ITERATING: Final = frozenset({"builtins", "itertools", "_collections", "collections", "_csv"})
CHANGING: Final = READERS | {"__next__", "__anext__", "__setitem__", "__delitem__"}
STACKS: Final = (*contextlib.ExitStack.__mro__[:2], contextlib.AsyncExitStack)
"""Classes that call what they were given, when nobody looks on."""
UNSEEN: Final = frozenset({"decimal", "weakref", "_weakrefset"})
"""Modules whose classes do more than their methods tell: what nobody observes."""
INNARDS: Final = frozenset(
    {"__kwdefaults__", "__closure__", "__globals__", "__builtins__", "__subclasses__"}
    | {"cr_frame", "cr_running", "cr_await", "cr_suspended", "gi_frame", "gi_running"}
    | {
        "gi_yieldfrom",
        "gi_suspended",
        "ag_frame",
        "ag_running",
        "ag_await",
        "f_locals",
        "f_globals",
    }
    | {"f_lineno", "f_back", "tb_frame", "tb_next", "tb_lineno", "cell_contents"}
    | {"__set__", "__delete__", "__get__", "__setstate__", "__reduce__", "__reduce_ex__"}
)
"""Attributes through which code looks into other code: what they show changes unseen."""
RAISED: Final = frozenset(
    {"__cause__", "__context__", "__traceback__", "__suppress_context__", "__notes__"}
)
"""Attributes of an exception that change when it is raised."""
IN_OUT: Final = frozenset(vars(pathlib.Path)) - frozenset(vars(pathlib.PurePath))
"""Methods of a path that look at the disk, or change it."""

CACHE: Final = type(functools.cache(len))
LOGGING: Final = frozenset({"addFilter", "addHandler", "removeFilter", "removeHandler", "setLevel"})
TAKEN_IN: Final = {"redis.commands.core": "raceexplore.sim.redis"}
"""Modules of mix-ins: by whose clients they are used."""
MIXINS: Final = frozenset({"trio.abc"})
LOGGING_DATA: Final = frozenset({"handlers", "filters", "disabled", "propagate", "parent"})
LEAVES: Final = frozenset({"builtins", "random", "_random", "array", "_asyncio", "contextvars"})
"""Modules whose objects work on nothing but themselves."""
REMEMBERING: Final = (CACHE, functools.cached_property)
FOREIGN_METHODS: Final = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.ClassMethodDescriptorType,
)


class ClassEffects(dict[str, Effect]):
    """The effects of one class: method or attribute name -> what it touches."""

    def __init__(self, owner: type) -> None:
        super().__init__()
        self.owner = owner

    def __missing__(self, name: str) -> Effect:
        effect = self[name] = classify(self.owner, name)
        return effect


class Effects(ByClass[ClassEffects]):
    """All that is known: class -> its effects."""

    def find(self, kind: type) -> ClassEffects:
        """Return the effects of ``kind``, none of which has been asked for."""
        return ClassEffects(kind)


effects: Final = Effects()


def classify(owner: type, name: str) -> Effect:
    """Return what the operation or attribute ``name`` touches on an instance of ``owner``."""
    if is_out_of_sight(owner, name):
        return FOREIGN
    if name in RAISED and issubclass(owner, BaseException):
        return DATA
    if owner in UNCHANGING:
        return SKIP
    special = next((effect for kind, effect in SPECIAL.items() if issubclass(owner, kind)), SKIP)
    return special or classify_instance(owner, name)


def classify_instance(owner: type, name: str) -> Effect:
    """Return what ``name`` touches on an instance whose class decides."""
    if name in {"__next__", "__iter__", "__contains__"} and is_iterator(owner):
        return ITERATOR
    if owner is WeakKeyDictionary and name in WEAK_KEYS:
        return WEAK_KEYS[name]
    if name in {"__match__", "__order__"} or home_of(owner) in UNSEEN:
        # Stands for patterns, and for getattr with a name not known before. A function that is
        # given a file writes to it, most likely.
        known = WRITE if issubclass(owner, io.IOBase) else READ
        return FOREIGN if home_of(owner) in UNSEEN else known
    if name == "__dict__":
        return NAMESPACE
    return classify_from(owner.__mro__, name)


def is_out_of_sight(owner: type, name: str) -> bool:
    """Tell whether an attribute shows, or changes, what no place in the program stands for."""
    if name in INNARDS:
        return True
    if is_dunder(name):
        return False
    if issubclass(owner, types.CoroutineType):
        return True
    on_disk = name in IN_OUT and issubclass(owner, pathlib.Path)
    return on_disk or (name in LOGGING_DATA and issubclass(owner, logging.Filterer))


def is_iterator(owner: type) -> bool:
    """Tell whether a class is one of Python's iterators that are written in C."""
    found = home_of(owner) in ITERATING and hasattr(owner, "__next__")
    return found and owner is not types.GeneratorType


def classify_from(bases: tuple[type, ...], name: str) -> Effect:
    """Return what ``name`` touches, as the first of ``bases`` that has it defines it."""
    for base in bases:
        if base is object and name in ATTRIBUTES:
            return ATTRIBUTES[name]
        found = PRIMITIVES.get(base)
        if found is not None and (name in found or hasattr(base, name)):
            return from_primitive(found, name)
        found = TABLES.get(base)
        if found is not None and (hasattr(base, name) or (name in found and is_dunder(name))):
            return found.get(name, SKIP if is_dunder(name) else READ)
        if name in vars(base):
            taken_in = is_taken_in(base, bases)
            return SKIP if taken_in else classify_member(base, name, vars(base)[name])
    if name == "__contains__" and any("__iter__" in vars(base) for base in bases):
        return classify_from(bases, "__iter__")
    own = CLASS_DATA if name in expected.stores.classes else DATA
    own = FOREIGN if any(map(answers_unseen, bases)) else own
    return SKIP if is_dunder(name) else own


def is_taken_in(base: type, bases: tuple[type, ...]) -> bool:
    """Tell whether one of ours has a mix-in of a library's, whose methods only call ours.

    redis-py's make a command of their arguments, and give it to `execute_command` of the client.
    """
    if home_of(base) not in TAKEN_IN:
        return False
    before = bases[: bases.index(base)]
    return any(home_of(kind).startswith(TAKEN_IN[home_of(base)]) for kind in before)


def answers_unseen(base: type) -> bool:
    """Tell whether code that nobody observes makes up attributes of instances."""
    made = [vars(base).get("__getattr__"), vars(base).get("__getattribute__")]
    return any(is_a(code, types.FunctionType) and not is_observed(code) for code in made)


def from_primitive(found: Table, name: str) -> Effect:
    """Return what a trio primitive's ``name`` touches: if its table is silent, all of it."""
    entering = name in {"__aenter__", "__aexit__", "__enter__", "__exit__", "__anext__"}
    return found.get(name, SKIP if is_dunder(name) and not entering else WRITE)


def classify_member(base: type, name: str, member: object) -> Effect:
    """Return what reading ``member``, or calling it, touches on an instance."""
    if base in UNCHANGING or is_a(member, type | types.ModuleType):
        return SKIP
    if is_a(member, types.MemberDescriptorType | types.GetSetDescriptorType):
        fixed = issubclass(base, tuple | types.FunctionType)
        fixed = fixed or (issubclass(base, BaseException) and name != "args")
        return SKIP if fixed or is_dunder(name) else DATA
    if is_a(member, REMEMBERING):
        is_method = is_a(member, CACHE)
        return CACHED if is_method else lambda obj: DATA if name in namespace(obj) else STORE
    code = member.fget if is_a(member, property) else member
    if is_a(code, classmethod | staticmethod):
        code = code.__func__
    if is_a(code, FOREIGN_METHODS) or is_a(member, property):
        effect = classify_code(base, name, code)
        # A property stays what it is: its setter's own code notes what it stores.
        return SKIP if effect == CLASS_DATA and is_a(member, property) else effect
    if is_dunder(name) or issubclass(base, tuple | Enum):
        return SKIP
    # A dataclass keeps a field's default on the class, and gives each instance its own.
    field = vars(base).get("__dataclass_fields__", {}).get(name)
    return CLASS_DATA if field is None or "ClassVar" in str(field.type) else DATA


def classify_code(base: type, name: str, code: object) -> Effect:
    """Return what a call of a method touches, beyond what its own code, if observed, will note."""
    if is_observed(code) or is_observed_class(base):
        # What dataclasses generate is not rewritten, and reads the fields.
        inner = inspect.unwrap(code) if is_a(code, types.FunctionType) else None
        generated = inner is not None and inner.__code__.co_filename.startswith("<")
        if generated and name in READERS:
            return READ
        return (
            CLASS_DATA if expected.stores.has(name) and type(code) is types.FunctionType else SKIP
        )
    return classify_foreign(base, name)


def classify_foreign(base: type, name: str) -> Effect:
    """Return what a call of a method touches whose code nobody observes."""
    root = home_of(base).partition(".")[0]
    if root == "raceexplore" or issubclass(base, Enum) or home_of(base) in MIXINS:
        return SKIP  # ours tell what they touch; the mix-ins call the program's own methods
    if home_of(base) in UNSEEN or base in STACKS:
        return FOREIGN
    if issubclass(base, logging.Logger | logging.LogRecord | logging.Handler | BaseException):
        return classify_strange(base, name)
    if not is_known_class(base):
        if name in READERS and (root == "trio" or is_named_tuple(base)):
            return READ  # statistics, and other values
        return REACH if root == "trio" and name == "started" else FOREIGN
    return classify_known(base, name)


def is_named_tuple(base: type) -> bool:
    """Tell whether a class was made by `collections.namedtuple`: all of its code is known."""
    return issubclass(base, tuple) and hasattr(base, "_fields")


def classify_known(base: type, name: str) -> Effect:
    """Return what a method touches of a class that works on itself, and on what it was given."""
    if name in READERS and not hasattr(base, "__next__"):
        return READ
    changes = WRITE if home_of(base) in LEAVES else REACH
    return SKIP if is_dunder(name) and name not in CHANGING else changes


def classify_strange(base: type, name: str) -> Effect:
    """Return what a method of an exception, of a logger or of its records, touches."""
    if issubclass(base, logging.LogRecord):
        return SKIP
    if issubclass(base, logging.Handler):
        return SKIP if name == "__init__" else FOREIGN
    if issubclass(base, logging.Logger):
        return FOREIGN if name in LOGGING else logs
    if name in READERS:
        return READ
    return WRITE if name in {"add_note", "with_traceback", "__setstate__"} else SKIP


def logs(logger: object) -> int:
    """Return what logging touches: nothing, or a text that somebody may look into."""
    found = logger
    while is_a(found, logging.Logger):
        if found.filters or not all(map(writes_out, found.handlers)):
            return FOREIGN
        found = found.parent if found.propagate else None
    return SKIP


def writes_out(handler: logging.Handler) -> bool:
    """Tell whether a handler writes to a terminal or a test's report, or runs observed code."""
    kind = type(handler)
    if handler.filters:
        return False
    if home_of(kind).partition(".")[0] in {"_pytest", "pytest"} or kind is logging.NullHandler:
        return True
    if is_a(handler, logging.StreamHandler) and kind is logging.StreamHandler:
        return not is_a(handler.stream, io.StringIO | io.BytesIO)
    return kind.__mro__[1] is logging.Handler and is_observed(vars(kind).get("emit"))


def is_observed(code: object) -> bool:
    """Tell whether a function, or what it wraps, was loaded rewritten."""
    if not callable(code):
        return False
    inner = unwrapped(code)
    return is_a(inner, types.FunctionType) and MARK in inner.__globals__


def unwrapped(code: object) -> object:
    """Return what ``code`` wraps, as `inspect.unwrap` does, but run no ``__getattr__``."""
    met: list[object] = []
    while not any(code is one for one in met):
        met.append(code)
        held = inspect.getattr_static(code, "__wrapped__", code)
        code = code.__func__ if is_a(code, staticmethod) else held
    return code


@functools.lru_cache(maxsize=1024)
def is_foreign(code: object) -> bool:
    """Tell whether a function or class is of a package that nobody observes, Python's excepted."""
    if is_a(code, types.ModuleType) or is_observed(code):
        return False
    root = str(getattr(code, "__module__", "builtins")).partition(".")[0]
    ours = is_pythons(root) or root in {"trio", "raceexplore"}
    if ours or not is_a(code, type):
        return not ours
    # one that has no function of its own runs those of its bases
    functions = [held for held in vars(code).values() if is_a(held, types.FunctionType)]
    homes = [str(function.__globals__.get("__name__")) for function in functions]
    own = [home for home in homes if not home.startswith("namedtuple_") and not is_pythons(home)]
    return not is_observed_class(code) and bool(own or any(map(is_foreign, code.__bases__)))


def is_observed_class(base: type) -> bool:
    """Tell whether a class comes from an observed module, by the functions in its body."""
    return any(is_observed(member) for member in vars(base).values())


def is_dunder(name: str) -> bool:
    """Tell whether a name is one of Python's own, such as ``__class__``."""
    return name.startswith("__") and name.endswith("__")


def holder(bases: tuple[type, ...], name: str) -> type | None:
    """Return the first of ``bases`` that has ``name``, as data; None if it is code or nothing."""
    if is_dunder(name) or (bases and is_a(bases[0], EnumMeta)):
        return None
    for base in bases:
        if name in vars(base):
            is_code = is_a(vars(base)[name], CODE) and not expected.stores.has(name)
            return None if is_code else base
    return None

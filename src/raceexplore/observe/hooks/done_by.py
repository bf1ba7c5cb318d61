"""What a call of a function, or of a method, does to its arguments: told by its kind and name."""

from __future__ import annotations

import operator
import random
from functools import partial
from types import (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    FunctionType,
    GenericAlias,
    MethodDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import Any, Final

import trio

from raceexplore.kernel.fence.hostile import home_of, is_a
from raceexplore.observe.effects.by_class_of_object import (
    CACHE,
    MARK,
    UNCHANGING,
    effects,
    is_foreign,
    is_observed,
)
from raceexplore.observe.effects.codes import SKIP, TABLES
from raceexplore.observe.effects.library import Does, does, full_name, is_pythons
from raceexplore.observe.effects.locations import SCALARS
from raceexplore.observe.effects.remember import Kinds
from raceexplore.observe.effects.sorts import PRIMITIVES
from raceexplore.observe.effects.values import member_of, namespace, peek, unbound

DESCRIPTORS: Final = (MethodDescriptorType, WrapperDescriptorType, ClassMethodDescriptorType)
GETTERS: Final = (operator.itemgetter, operator.attrgetter, operator.methodcaller, GenericAlias)
CALLED: Final = (BuiltinFunctionType, MethodType, MethodWrapperType, partial)
CODES: Final = (FunctionType, BuiltinFunctionType, *DESCRIPTORS)
SERVICES: Final = "raceexplore.sim."
CODES_GIVEN: Final = frozenset({BuiltinFunctionType, MethodType, partial, *DESCRIPTORS, *GETTERS})
is_known: Final = Kinds(*PRIMITIVES, *TABLES)


def done_by(function: Any) -> Does:
    """Return what a call of ``function`` does to its arguments."""
    kind = type(function)
    if kind is MethodType:
        return done_by(function.__func__)
    if kind is partial:
        return done_by(function.func)
    if is_own(function) or kind is CACHE:
        return Does.KEEPS
    if kind in {BuiltinFunctionType, FunctionType} or issubclass(kind, type):
        return _done_by_plain(function)
    if kind in DESCRIPTORS or kind in GETTERS:
        return Does.CHANGES
    return Does.KEEPS if effects[kind]["__call__"] == SKIP else Does.CHANGES


def _done_by_plain(function: Any) -> Does:
    if is_foreign(function) or root(function) in {"trio", "raceexplore"}:
        return Does.KEEPS  # the event is opaque, if nobody knows the module
    owner = getattr(function, "__self__", None)
    if owner is not None and not is_a(owner, ModuleType | type):
        known = is_known[type(owner)] or type(owner) in SCALARS
        return Does.READS if known else Does.CHANGES
    if is_pythons(root(function)):
        done = does(full_name(function))
        return Does.CHANGES if done == Does.HIDDEN else done
    return Does.KEEPS


def done_by_method(obj: Any, name: str) -> Does:
    """Return what a call of ``obj.name`` does to its arguments."""
    kind = type(obj)
    if kind is ModuleType:
        return done_by(namespace(obj).get(name))
    if issubclass(kind, type):
        member = member_of(obj, name)
        if type(member) is ClassMethodDescriptorType or kind in SCALARS:
            return Does.READS
        own = is_observed(unbound(member))
        return Does.KEEPS if own or member is None else Does.CHANGES
    member = member_of(kind, name)
    if member is None:
        return max((done_by(found) for found in peek(obj, name)), default=Does.KEEPS)
    if is_known[kind] or kind in SCALARS or is_observed(member):
        return Does.KEEPS  # where it does something, the call's own hook has noted it
    return _done_by_library(kind)


def _done_by_library(kind: type) -> Does:
    """Return what methods of a library's class do to their arguments, ours included."""
    if home_of(kind).startswith(SERVICES):
        return Does.READS  # what a statement or a command is made of
    ours = home_of(kind).partition(".")[0] in {"trio", "raceexplore"}
    ours = ours and not issubclass(kind, random.Random)  # ours is made where Python's is asked for
    return Does.KEEPS if ours else Does.CHANGES


def is_own(function: Any) -> bool:
    """Return whether a function is rewritten, so that its own code notes what it does."""
    kind = type(function)
    if kind is MethodType:
        return is_own(function.__func__)
    return kind is FunctionType and MARK in function.__globals__


def root(function: Any) -> str:
    """Return the module of a function, without those inside of it."""
    return str(getattr(function, "__module__", None) or "builtins").partition(".")[0]


def is_harmless(owner: type, code: Any, name: str) -> bool:
    """Tell whether a method that is called on a class touches its arguments at most."""
    home = getattr(code, "__objclass__", None) or getattr(code, "__self__", None) or owner
    if name in {"__new__", "__init__", "__getattribute__", "__init_subclass__", "mro"}:
        return True
    if name == "_create" and owner is trio.Cancelled:
        return True  # as anyio does, to cancel what has ended in a group of cancellations
    if is_a(code, FunctionType):
        return does(full_name(code)) == Does.KEEPS or code.__module__ in {"enum", "typing"}
    known = home in UNCHANGING or is_known[home if is_a(home, type) else type(home)]
    return bool(known)

"""How an effect becomes accesses in the ledger, by the kind of the object."""

from __future__ import annotations

import gc
from collections import OrderedDict, UserDict
from enum import EnumMeta
from inspect import getmro
from io import IOBase
from types import BuiltinFunctionType, CellType, MethodType, ModuleType, SimpleNamespace
from typing import Any, Final

from raceexplore.kernel.fence.hostile import home_of, is_a
from raceexplore.observe.effects.by_class_of_object import (
    CODE,
    RAISED,
    UNCHANGING,
    classify_from,
    effects,
    holder,
    is_dunder,
    is_foreign,
    is_observed_class,
)
from raceexplore.observe.effects.codes import (
    ATTRIBUTES,
    CACHED,
    CHAIN,
    CHAINED,
    CLASS_ATTRIBUTE,
    CLASS_DATA,
    DATA,
    FOREIGN,
    ITERATOR,
    MODULE_ATTRIBUTE,
    NAMESPACE,
    POP,
    REACH,
    READ,
    READ_KEY,
    READ_OR_FILL,
    RELEASE,
    REQUEST,
    SENDS,
    SKIP,
    STANDS,
    STORE,
    SUPER,
    TABLES,
    UPDATE,
    VIEW,
    VIEWS,
    WRITE,
    WRITE_KEY,
    Effect,
)
from raceexplore.observe.effects.library import full_name, is_pythons
from raceexplore.observe.effects.locations import ALL, FREE, QUEUE
from raceexplore.observe.effects.remember import Kinds
from raceexplore.observe.effects.stored_names import expected
from raceexplore.observe.effects.values import member_of, namespace
from raceexplore.observe.hooks.standing import note_standing
from raceexplore.observe.ledger.ledger import Ledger
from raceexplore.observe.ledger.naming import parts

HANDING: Final = frozenset({"trio", "asyncio", "_asyncio"})
"""Packages whose objects hand over what they are sent."""

is_container = Kinds(*(kind for kind, found in TABLES.items() if found is not VIEWS))


ADDING: Final = frozenset({"__setitem__", "__getitem__", "setdefault", "add"})
"""What changes the order of a dict or a set only where the key is not there."""

UNORDERED: Final = frozenset({"__len__", "__bool__", "__eq__", "__contains__", "__match__"})
"""Methods that read a whole dict or set, but not the order of what it holds."""

in_order: Final = Kinds(dict, set)
has_hidden_order: Final = Kinds(UserDict, SimpleNamespace)
"""What shows the order in which it was filled, of which nothing is noted."""


def note(ledger: Ledger, effect: Effect, obj: object, name: str) -> None:
    """Note the effect of an operation that names no element."""
    code = effect if isinstance(effect, int) else effect(obj)
    if code == DATA:
        ledger.read(obj, name)
    elif code == REQUEST:
        ledger.write(obj, QUEUE)
    elif code == RELEASE:
        ledger.write(obj, FREE)
    elif code in {READ, READ_KEY, READ_OR_FILL}:
        read_whole(ledger, obj, name)
    elif code in {WRITE, WRITE_KEY}:
        ledger.write(obj, ALL)
    elif code == FOREIGN:
        hidden(ledger, type(obj), name)
    elif code != SKIP:
        note_indirect(ledger, code, obj, name)


def hidden(ledger: Ledger, kind: type, name: str) -> None:
    """Note that ``name`` of an instance of ``kind`` does what nobody observes."""
    base = next((base for base in kind.__mro__ if name in vars(base)), kind)
    root = home_of(base).partition(".")[0]
    package = "" if is_pythons(root) or root == "trio" or is_observed_class(base) else root
    ledger.opaque(f"{home_of(base)}.{base.__qualname__}.{name}", package=package)


def read_whole(ledger: Ledger, obj: object, name: str) -> None:
    """Note that ``name`` reads all of ``obj``, and perhaps its order."""
    ledger.read(obj, ALL)
    kind = type(obj)
    if name == "__eq__" and issubclass(kind, OrderedDict):
        ledger.seen_in_order(obj)
    elif name not in UNORDERED and in_order[kind]:
        ledger.seen_in_order(obj)
        if ledger.is_alias(obj):
            ledger.opaque("the order of attributes")
    elif name not in UNORDERED and has_hidden_order[kind]:
        ledger.opaque(f"the order of what a {kind.__qualname__} holds")


def note_key(ledger: Ledger, how: tuple[Effect, str], obj: object, key: object) -> None:
    """Note the effect of an operation on one element."""
    effect, name = how
    if effect == SUPER:
        effect, obj = behind_super(obj, name)
    if effect not in {READ_KEY, WRITE_KEY, READ_OR_FILL}:
        note(ledger, effect, obj, name)
        if name in SENDS and home_of(type(obj)).partition(".")[0] in HANDING:
            ledger.introduce((key,))
        return
    location = key if type(key) is str else ledger.key(obj, key)
    if effect == READ_KEY:
        ledger.read(obj, location)
        return
    if effect == READ_OR_FILL and not is_missing(obj, key, location):
        ledger.read(obj, location)
        return
    ledger.write(obj, location)
    if is_a(obj, dict) and ledger.is_alias(obj):
        note_hiding(ledger, obj, key)
    if is_a(obj, set):
        ledger.introduce((key,))  # nobody can tell later what a set holds, in an order of its own
    ordered = ledger.insertion_order and in_order[type(obj)]
    if ordered and (name not in ADDING or is_missing(obj, key, location)):
        ledger.insert(obj)


def note_hiding(ledger: Ledger, own: object, name: object) -> None:
    """Note that an attribute is set through the dict of an object's own: it may hide a method."""
    owner = ledger.behind(own)
    if is_a(owner, type | ModuleType) or member_of(type(owner), str(name)) is not None:
        ledger.opaque(f"a store of {type(owner).__qualname__}.{name} through its __dict__")


def is_missing(obj: object, key: object, location: object) -> bool:
    """Tell whether a dict or a set lacks a key; if its hash is the program's code, say yes."""
    if location is ALL:
        return True
    if is_a(obj, dict):
        return not dict.__contains__(obj, key)
    return is_a(obj, set) and not set.__contains__(obj, key)


def note_whole(ledger: Ledger, code: int, obj: object) -> None:
    """Note a write of all of a dict or a set that does a little more."""
    ledger.write(obj, ALL)
    if code == POP and has_hidden_order[type(obj)]:
        ledger.opaque(f"the order of what a {type(obj).__qualname__} holds")
    elif code == POP:
        ledger.seen_in_order(obj)
    elif ledger.is_alias(obj):
        ledger.opaque("stores of attributes through a __dict__")


def note_indirect(ledger: Ledger, code: int, obj: object, name: str) -> None:
    """Note the effect of an operation on something that stands for another object."""
    if code in {VIEW, ITERATOR}:
        if code == ITERATOR:
            ledger.write(obj, ALL)
        note_behind(ledger, obj, name)
    elif code in {POP, UPDATE}:
        note_whole(ledger, code, obj)
    elif code == SUPER:
        effect, behind = behind_super(obj, name)
        note(ledger, effect, behind, name)
        note_bases(ledger, bases_behind(obj), name)
    elif code == MODULE_ATTRIBUTE:
        note_module(ledger, obj, name)
    elif code == CLASS_ATTRIBUTE:
        note_class(ledger, obj, name)
    else:
        note_shared(ledger, code, obj, name)


def note_shared(ledger: Ledger, code: int, obj: object, name: str) -> None:
    """Note the effect of an operation on an instance that its class may have a part in."""
    if code == NAMESPACE:
        ledger.alias(namespace(obj), obj)
    elif code == STANDS:
        note_standing(ledger, obj)
    elif code == CACHED:
        ledger.write(member_of(type(obj), name), ALL)
    elif code == STORE:
        ledger.write(obj, name)
    elif code == REACH:
        note_reach(ledger, obj)
    elif code in {CHAIN, CHAINED}:
        maps: Any = namespace(obj)["maps"]
        (ledger.write if code == CHAIN else ledger.read)(maps[0], ALL)
        for mapping in maps[1:]:
            ledger.read(mapping, ALL)
    elif code == CLASS_DATA:
        ledger.read(obj, name)
        if name not in namespace(obj):
            note_class(ledger, type(obj), name)


def note_behind(ledger: Ledger, obj: object, name: str = "__iter__") -> None:
    """Note what a step of an iterator, or the use of a view, does to what is behind it."""
    for behind in sources(obj):
        if type(behind) is not BuiltinFunctionType:
            read_whole(ledger, behind, name)
        elif type(behind.__self__) is not ModuleType:
            owner, method = behind.__self__, behind.__name__
            note(ledger, effects[type(owner)][method], owner, method)


def note_reach(ledger: Ledger, obj: object) -> None:
    """Note that an object of Python's library works on itself, and on what it has been given."""
    queue, seen = [obj], {id(obj)}
    for held in queue:
        kind = type(held)
        is_file = issubclass(kind, IOBase)
        if is_container[kind] or is_file or held is obj:
            ledger.write(held, ALL)
        if held is obj or is_file or kind is BuiltinFunctionType or kind is MethodType:
            found = [part for part in parts(held) if id(part) not in seen]
            seen |= {id(part) for part in found}
            queue += found


def sources(obj: object) -> list[Any]:
    """Return the containers behind an iterator or a view, those of its own iterators included.

    Also the methods of Python's own classes that a step calls.
    """
    found: list[Any] = []
    queue = gc.get_referents(obj)
    seen = {id(obj)}
    for held in queue:
        kind = type(held)
        if id(held) in seen:
            continue
        seen.add(id(held))
        if is_container[kind] or kind is BuiltinFunctionType:
            found.append(held)
        elif (
            kind is tuple
            or effects[kind]["__next__"] == ITERATOR
            or effects[kind]["__iter__"] == VIEW
        ):
            queue.extend(gc.get_referents(held))
    return found


def note_module(ledger: Ledger, module: object, name: str) -> None:
    """Note a read of a module's variable; to look up its functions and classes is none."""
    value = namespace(module).get(name)
    if name == "__dict__":
        ledger.alias(namespace(module), module)
    elif name in ATTRIBUTES:
        ledger.write(module, ALL)
    elif not is_a(value, CODE) or name in expected.stores.modules:
        ledger.read(module, name)
    elif is_foreign(value) and not is_error(value):
        note_package(ledger, value)


def is_error(value: object) -> bool:
    """Tell whether it is a class of exceptions: to catch those runs no code of its package."""
    return type(value) is type and issubclass(value, BaseException)


def note_package(ledger: Ledger, code: object) -> None:
    """Note the use of a function or a class of a package that nobody observes."""
    name = full_name(code)
    ledger.opaque(name, package=name.partition(".")[0])


def note_class(ledger: Ledger, owner: object, name: str) -> None:
    """Note a read of data that a class or one of its bases holds, and that none before it does."""
    if is_a(owner, type):
        if name in {"__dict__", *ATTRIBUTES}:
            ledger.write(owner, ALL)
        if name in {"__setattr__", "__delattr__"}:  # perhaps of a method, which nobody reads
            ledger.opaque(f"a call of {name} of the class {owner.__qualname__}")
        if name == "__dict__" and ledger.names.is_out(ledger.ordinal(owner)):
            ledger.opaque("the order of a class's attributes")
        note_bases(ledger, owner.__mro__, name)
        if not is_a(owner, EnumMeta):
            note_bases(ledger, getmro(type(owner)), name)


def note_bases(ledger: Ledger, bases: tuple[type, ...], name: str) -> None:
    """Note a read of data on the first of ``bases`` that has it, and on those that do not."""
    base = holder(bases, name)
    if base is not None:
        bases = bases[: bases.index(base) + 1]
    elif name not in expected.stores.classes:
        return
    for kind in bases:
        if kind not in UNCHANGING and kind is not type:
            ledger.read(kind, name)


def note_store(ledger: Ledger, effect: Effect, obj: object, name: str) -> None:
    """Note a write of an attribute that is no plain attribute of an instance."""
    if is_special(obj, name):
        ledger.opaque(f"an assignment to {type(obj).__qualname__}.{name}")
    if effect == SKIP:
        member = member_of(type(obj), name)
        if hasattr(type(member), "__set__"):
            return  # a property's setter: its own code notes what it does
        effects[type(obj)][name] = DATA  # from now on it hides a method of its class
    if effect in {CLASS_ATTRIBUTE, CLASS_DATA} and name not in namespace(obj):
        if effect == CLASS_ATTRIBUTE:
            effects.clear()
        # ``obj.name += 1`` reads it there
        note_class(ledger, obj if effect == CLASS_ATTRIBUTE else type(obj), name)
    replaced = is_a(obj, type) and type(member_of(obj, name)) is property
    if effect in {FOREIGN, NAMESPACE} or replaced or not is_expected(obj, name):
        # with another's dict for its attributes, it is the other one as well
        ledger.opaque(f"an assignment to {type(obj).__qualname__}.{name}")
    if effect in {READ, WRITE}:  # a primitive's settable property, such as CancelScope.deadline
        ledger.write(obj, ALL)
    else:
        ledger.write(obj, name)


def is_special(obj: object, name: str) -> bool:
    """Tell whether an attribute is part of what Python, or a library, runs: code, bases, a slot."""
    if is_a(obj, ModuleType):
        return is_pythons(obj.__name__) or obj.__name__.partition(".")[0] == "trio"
    if not is_dunder(name):
        return type(obj) is CellType
    return not (name in RAISED and is_a(obj, BaseException)) and name != "__dict__"


def behind_super(proxy: object, name: str) -> tuple[Effect, object]:
    """Return what ``super().name`` touches, and the instance that it touches."""
    instance: object = vars(super)["__self__"].__get__(proxy)
    bases = bases_behind(proxy)
    return (classify_from(bases, name) if bases else SKIP), instance


def bases_behind(proxy: object) -> tuple[type, ...]:
    """Return the classes in which a ``super()`` looks, in order."""
    instance: object = vars(super)["__self__"].__get__(proxy)
    start: type = vars(super)["__thisclass__"].__get__(proxy)
    owner = instance if is_a(instance, type) and start in instance.__mro__ else type(instance)
    bases = owner.__mro__
    return bases[bases.index(start) + 1 :] if start in bases else ()


def is_expected(obj: object, name: str) -> bool:
    """Tell whether those who read an attribute of a module or a class have been told of stores."""
    if is_a(obj, ModuleType):
        return expected.stores.are_told(name)
    return not is_a(obj, type) or name in expected.stores.classes or name in namespace(obj)

"""What rewritten code calls: each hook notes an access and hands its first argument back.

The operation itself stays in the program's own code, next to the hook: ``x.a`` becomes
``__rx_attr__(x, "a").a``. So values, errors, tracebacks and the debugger are the program's own, and
with no ledger attached nothing happens.
"""

from __future__ import annotations

from types import CellType, ModuleType
from typing import Final, TypeVar

from raceexplore.observe.effects.by_class_of_object import effects
from raceexplore.observe.effects.codes import (
    CLASS_ATTRIBUTE,
    CLASS_DATA,
    DATA,
    FOREIGN,
    READ_KEY,
    WRITE,
)
from raceexplore.observe.effects.locations import ALL, SCALARS
from raceexplore.observe.effects.trio_primitives import is_channel, is_entered, is_scope
from raceexplore.observe.effects.values import updated_attribute, updated_item
from raceexplore.observe.hooks.note import note, note_key, note_store
from raceexplore.observe.hooks.wrappers import Entered
from raceexplore.observe.ledger.ledger import Ledger

T = TypeVar("T")
Scope = CellType | ModuleType

active: Ledger | None = None
"""Where accesses go now; set it by `attach`."""

keys: Final[list[object]] = []
"""Subscripts between their evaluation and their use: two steps of one expression."""


def attach(ledger: Ledger | None) -> None:
    """Send the accesses of rewritten code to ``ledger`` from now on; None stops it."""
    global active  # noqa: PLW0603 (a hook must not pay for more than one look-up)
    active = ledger
    keys.clear()


def attr(obj: T, name: str) -> T:
    """``obj.name``, not called at once; a container's method counts as its whole effect."""
    ledger = active
    if ledger is not None:
        effect = effects[type(obj)][name]
        if effect:
            if effect == DATA:
                ledger.read(obj, name)
            else:
                note(ledger, effect, obj, name)
    return obj


def data(obj: T, name: str) -> T:
    """Look up a method whose arguments await: what the call does is noted after them."""
    ledger = active
    if ledger is not None and effects[type(obj)][name] in {DATA, CLASS_DATA, CLASS_ATTRIBUTE}:
        attr(obj, name)
    return obj


def method(obj: T, name: str) -> T:
    """Call ``obj.name(...)``, or an operator that stands for it."""
    ledger = active
    if ledger is not None:
        effect = effects[type(obj)][name]
        if effect == WRITE:
            ledger.write(obj, ALL)
        elif effect:
            note(ledger, effect, obj, name)
    return obj


def method_at(obj: T, name: str, key: object) -> T:
    """Call ``obj.name(key, ...)``: touches one element, if ``obj`` is a container."""
    ledger = active
    if ledger is not None:
        effect = effects[type(obj)][name]
        if effect:
            note_key(ledger, (effect, name), obj, key)
    return obj


def late(value: T, obj: object, name: str) -> T:
    """Return the last argument of a call: the call comes next."""
    method(obj, name)
    return value


def late_at(value: T, obj: object, name: str, key: object) -> T:
    """Return the last argument of a call that touches one element."""
    method_at(obj, name, key)
    return value


def set_attr(obj: T, name: str) -> T:
    """``obj.name = ...`` or ``del obj.name``."""
    ledger = active
    if ledger is not None:
        effect = effects[type(obj)][name]
        if effect == DATA:
            ledger.write(obj, name)
        else:
            note_store(ledger, effect, obj, name)
    return obj


def update_attr(obj: T, name: str) -> T:
    """``obj.name += ...``: a read and a write, and the value may change in place."""
    ledger = active
    if ledger is not None:
        set_attr(obj, name)
        change_in_place(ledger, updated_attribute(obj, name))
    return obj


def change_in_place(ledger: Ledger, values: tuple[object, ...] | None) -> None:
    """Note that an operator may change ``values``; if they are not known, anything."""
    if values is None:
        ledger.opaque("an in-place operator of a property, or of a class of the program's own")
        return
    for value in values:
        inplace(None, value)


def late_set(value: T, obj: object, name: str) -> T:
    """Return the right side of ``obj.name += await ...``: the write comes next."""
    update_attr(obj, name)
    return value


def item(obj: T, key: object) -> T:
    """``obj[key]``."""
    ledger = active
    if ledger is not None:
        effect = effects[type(obj)]["__getitem__"]
        if effect == READ_KEY and type(key) is str:
            ledger.read(obj, key)
        elif effect:
            note_key(ledger, (effect, "__getitem__"), obj, key)
    return obj


def set_item(obj: T, key: object) -> T:
    """``obj[key] = ...``."""
    ledger = active
    if ledger is not None:
        note_key(ledger, (effects[type(obj)]["__setitem__"], "__setitem__"), obj, key)
    return obj


def del_item(obj: T, key: object) -> T:
    """``del obj[key]``."""
    return method_at(obj, "__delitem__", key)


def update_item(obj: T, key: object) -> T:
    """``obj[key] += ...``."""
    if active is not None:
        method_at(obj, "__setitem__", key)
        change_in_place(active, updated_item(obj, key))
    return obj


def late_set_item(value: T, obj: object, key: object) -> T:
    """Return the right side of ``obj[key] += await ...``: the write comes next."""
    update_item(obj, key)
    return value


def push(key: T) -> T:
    """Keep a subscript that must not be evaluated twice, for `pop`, which comes next."""
    keys.append(key)
    return key


pop: Final = keys.pop


def read_name(value: T, scope: Scope, name: str) -> T:
    """Return the value of a variable that tasks share: a closure's cell, or a module's global."""
    if active is not None:
        active.read(scope, name)
    return value


def write_name(value: T, scope: Scope, name: str) -> T:
    """Return the value that a shared variable is about to get, or has just got."""
    if active is not None:
        active.write(scope, name)
    return value


def update_name(value: T, old: object, scope: Scope, name: str) -> T:
    """Return the right side of ``name += ...``, with the old value of the shared variable."""
    if active is not None:
        active.write(scope, name)
        inplace(None, old)
    return value


def inplace(value: T, old: object) -> T:
    """Return the right side of ``local += ...``: a container changes in place."""
    if active is not None and type(old) not in SCALARS:
        effect = effects[type(old)]["__iadd__"]  # in a table it stands for all of its kind
        if effect:
            note(active, effect, old, "__iadd__")
    return value


def entered(manager: T) -> T | Entered:
    """``async with manager:``: a lock is acquired now and released at the end."""
    if active is None:
        return manager
    if not is_entered[type(manager)]:
        enter(active, manager, ("__aenter__", "__aexit__"))
        return manager
    method(manager, "__aenter__")
    return Entered(manager, method)


def opened(manager: T) -> T | Entered:
    """``with manager:``: a channel is closed at the end."""
    kind = type(manager)
    if active is not None and is_scope[kind]:
        active.read(manager, ALL)  # it may be cancelled already, and be left before the next await
    if is_channel[kind]:
        return entered(manager)
    if active is not None:
        enter(active, manager, ("__enter__", "__exit__"))
    return manager


def enter(ledger: Ledger, manager: object, names: tuple[str, str]) -> None:
    """Note that a block begins and will end: code that nobody observes may run at both."""
    found = effects[type(manager)]
    for name in names:
        if found[name] == FOREIGN:
            note(ledger, FOREIGN, manager, name)


def unseen(value: T) -> T:
    """Return a value that something will be done to which is not seen."""
    if active is not None:
        active.opaque("what goes on with what was evaluated before an await")
    return value

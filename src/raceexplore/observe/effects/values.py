"""What a location holds, in a few characters: found without running code of the program."""

from __future__ import annotations

import sys
from collections import OrderedDict, defaultdict, deque
from enum import Enum
from types import CellType, FrameType, MemberDescriptorType, MethodType, ModuleType
from typing import Any, Final

from raceexplore.kernel.fence.hostile import is_a
from raceexplore.kernel.standing.walk import is_strange_file
from raceexplore.observe.effects.locations import ALL, SCALARS, SEQUENCES


def acting_frame() -> FrameType | None:
    """Return the nearest frame of observed code, be it the runtime's own."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001
    while frame is not None and "__rx_module__" not in frame.f_globals:
        frame = frame.f_back
    return frame


def calling_frame() -> FrameType | None:
    """Return the nearest frame of observed code that is not the runtime's own."""
    frame = acting_frame()
    while frame is not None and (
        "__rx_module__" not in frame.f_globals or is_strange_file(frame.f_code.co_filename)
    ):
        frame = frame.f_back
    return frame


OUTSIDE: Final = object()
"""Stands for what is none of the runtime's doing."""


def acting_primitive() -> object:
    """Return the lock or queue whose own code runs; None for other code of the runtime's.

    `OUTSIDE` if the code that runs is not the runtime's.
    """
    frame = acting_frame()
    if frame is None or not is_strange_file(frame.f_code.co_filename):
        return OUTSIDE
    return frame.f_locals.get("self")


def calling_line() -> str:
    """Return ``file:line`` of the nearest frame of observed code; empty if there is none."""
    frame = calling_frame()
    return "" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"


BOUND: Final = (classmethod, staticmethod, MethodType)
HOLDING: Final[tuple[Any, ...]] = (dict, list, tuple, deque)
CONTAINERS: Final = frozenset(
    {list, dict, set, deque, bytearray, tuple, frozenset, OrderedDict, defaultdict}
)


def member_of(kind: type, name: str) -> Any:
    """Return what ``kind`` or the first of its bases that has it holds as ``name``, or None."""
    return next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), None)


def unbound(member: Any) -> Any:
    """Return the function of a method that is bound, of a class or static; else ``member``."""
    return member.__func__ if issubclass(type(member), BOUND) else member


def peek(obj: object, key: object) -> tuple[object, ...]:
    """Return the value at a location as a 1-tuple, or (): runs no code of the program."""
    kind = type(obj)
    if key is ALL:
        return (obj,) if kind in CONTAINERS else ()
    if kind is CellType:
        return cell_content(obj)  # type: ignore[arg-type]
    if kind in CONTAINERS:
        return element(obj, key) if type(key) in SCALARS else ()
    return attribute(obj, key) if is_a(key, str) else ()


def element(obj: Any, key: object) -> tuple[object, ...]:
    """Return an element of a built-in container, as a 1-tuple, or ()."""
    if is_a(obj, dict):
        return (dict.__getitem__(obj, key),) if dict.__contains__(obj, key) else ()
    if is_a(obj, set | frozenset):
        return (key in obj,)
    assert is_a(obj, (tuple, *SEQUENCES))
    return (obj[key],) if is_a(key, int) and key < len(obj) else ()


def cell_content(cell: CellType) -> tuple[object, ...]:
    """Return what a closure variable holds, as a 1-tuple; () if it is not bound."""
    try:
        return (cell.cell_contents,)
    except ValueError:
        return ()


def namespace(obj: object) -> dict[str, object]:
    """Return the attributes that an object itself holds, without asking its class."""
    if issubclass(type(obj), type):
        return dict(type.__dict__["__dict__"].__get__(obj))
    try:
        own = object.__getattribute__(obj, "__dict__")
    except Exception:  # noqa: BLE001 none, or a property that is code of the program
        return {}
    return own if type(own) is dict else {}


def attribute(obj: object, name: str) -> tuple[object, ...]:
    """Return an attribute that is plain data, as a 1-tuple, or ()."""
    own = namespace(obj)
    if name in own:
        return (own[name],)
    kind = obj if issubclass(type(obj), type) else type(obj)
    for base in vars(type)["__mro__"].__get__(kind):
        member = vars(base).get(name)
        if is_a(member, MemberDescriptorType):
            return slot_content(member, obj)
        if member is not None:
            return () if hasattr(type(member), "__get__") else (member,)
    return ()


def slot_content(member: MemberDescriptorType, obj: object) -> tuple[object, ...]:
    """Return what a slot holds, as a 1-tuple; () if it is not set."""
    try:
        return (member.__get__(obj, type(obj)),)
    except AttributeError:
        return ()


def updated_attribute(obj: object, name: str) -> tuple[object, ...] | None:
    """Return what ``obj.name += ...`` may change in place; None if code of the program tells."""
    found = peek(obj, name)
    if found or is_a(obj, type | ModuleType):
        return found
    member = member_of(type(obj), name)
    computed = hasattr(type(member), "__get__") and not is_a(member, MemberDescriptorType)
    return None if computed or hasattr(type(obj), "__getattr__") else ()


def updated_item(obj: object, key: object) -> tuple[object, ...] | None:
    """Return what ``obj[key] += ...`` may change in place; None if code of the program tells."""
    kind: Any = type(obj)
    base: Any = next((base for base in HOLDING if issubclass(kind, base)), None)
    if base is None or kind.__getitem__ is not base.__getitem__ or not is_simple(key):
        return () if kind in SCALARS else None
    try:
        return (base.__getitem__(obj, key),)
    except (LookupError, TypeError):
        return ()


def is_simple(key: object) -> bool:
    """Tell whether hashing and comparing a key runs no code of the program."""
    kind = type(key)
    if kind is tuple:
        return all(is_simple(part) for part in key)  # type: ignore[attr-defined]
    plain = kind in SCALARS or kind is slice or issubclass(kind, Enum)
    return plain or (kind.__hash__ is object.__hash__ and kind.__eq__ is object.__eq__)

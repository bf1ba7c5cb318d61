"""A value in a line of text, found without running code of the program."""

from __future__ import annotations

from enum import Enum
from itertools import islice
from types import MemberDescriptorType
from typing import Any, Final

from raceexplore.observe.effects.values import CONTAINERS, member_of, namespace, slot_content

TEXT_LENGTH: Final = 80
ITEMS_MAX: Final = 6
FOREIGN: Final = ("trio", "builtins", "raceexplore")
GUESTS: Final = "raceexplore.models."


def outline(value: object, depth: int = 2) -> str:
    """Return ``value`` in at most 80 characters, found without running code of the program."""
    text = _outline(value, depth)
    return text if len(text) <= TEXT_LENGTH else text[: TEXT_LENGTH - 1] + "…"


def _outline(value: object, depth: int) -> str:
    kind = type(value)
    if kind in (str, bytes):
        cut = value[:TEXT_LENGTH]  # type: ignore[index]  # a repr of all of it may be huge
        return repr(cut) + ("…" if len(cut) < len(value) else "")  # type: ignore[arg-type]
    if kind is int:
        bits = int.bit_length(value)  # type: ignore[arg-type]
        return repr(value) if bits <= 256 else f"int of {bits} bits"
    if kind in (bool, float, complex, type(None)):
        return repr(value)
    return _container(value, depth) if kind in CONTAINERS else _object(value, depth)


def _object(value: object, depth: int) -> str:
    kind = type(value)
    if issubclass(kind, type):
        return f"class {_class_name(value)}"
    name = _class_name(kind)
    if issubclass(kind, Enum):
        return f"{name}.{namespace(value).get('_name_')}"
    inside = {} if depth < 1 or is_foreign(kind) else fields_of(value)
    shown = [f"{k}={_outline(v, depth - 1)}" for k, v in list(inside.items())[:ITEMS_MAX]]
    return f"{name}({', '.join(shown)})" if shown else name


def fields_of(value: Any) -> dict[str, object]:
    """Return what the fields of ``value`` hold, by their names: attributes, slots, a tuple's."""
    kind = type(value)
    names = member_of(kind, "_fields") if issubclass(kind, tuple) else None
    if type(names) is tuple:
        return dict(zip(names, tuple.__iter__(value), strict=False))
    found: dict[str, object] = {}
    for base in reversed(vars(type)["__mro__"].__get__(kind)):
        slotted = vars(base).items() if "__slots__" in vars(base) else ()
        for name, member in slotted:
            if isinstance(member, MemberDescriptorType):
                found.update((name, held) for held in slot_content(member, value))
    return {**found, **namespace(value)}


def _container(value: Any, depth: int) -> str:
    name, size = type(value).__name__, len(value)
    if depth < 1 or not size:
        return f"{name} of {size}"
    if isinstance(value, (set, frozenset)) and size > ITEMS_MAX:
        return f"{name} of {size}"  # which of them come first is no fact of the run
    if isinstance(value, dict):
        pairs = islice(value.items(), ITEMS_MAX)
        shown = [f"{_outline(k, 0)}: {_outline(v, depth - 1)}" for k, v in pairs]
    else:
        shown = [_outline(item, depth - 1) for item in islice(value, ITEMS_MAX)]
        if isinstance(value, (set, frozenset)):
            shown.sort()
    left = f", … {size - ITEMS_MAX} more" if size > ITEMS_MAX else ""
    return f"{name}({', '.join(shown)}{left})"


def _class_name(kind: Any) -> str:
    return str(type.__dict__["__name__"].__get__(kind))  # a metaclass has no say


def is_foreign(kind: type) -> bool:
    """Return whether ``kind`` is trio's, built in, or ours: nobody wants to know its parts."""
    module = str(type.__dict__["__module__"].__get__(kind))
    return module.partition(".")[0] in FOREIGN and not module.startswith(GUESTS)

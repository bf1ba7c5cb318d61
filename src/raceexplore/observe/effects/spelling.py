"""A value in a few characters: by its content where that is short; no code of the program runs."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from enum import Enum
from typing import Any, Final

from raceexplore.observe.effects.locations import SCALARS
from raceexplore.observe.effects.values import CONTAINERS, attribute, namespace, peek

VALUE_LENGTH: Final = 40
DEEP: Final = 2
ITEMS: Final = 6  # that are spelled out; a container of more is counted
BRACKETS: Final[dict[type, tuple[str, str]]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
    deque: ("deque([", "])"),
    dict: ("{", "}"),
    OrderedDict: ("{", "}"),
    defaultdict: ("{", "}"),
}


def value_text(obj: object, key: object) -> str:
    """Return the value at a location in at most 40 characters; empty if there is none to show."""
    found = peek(obj, key)
    return spelled_value(found[0], VALUE_LENGTH) if found else ""


def spelled_value(value: object, most: int, depth: int = DEEP) -> str:
    """Return ``value`` in at most ``most`` characters; its type and size if it takes more."""
    kind = type(value)
    if kind in SCALARS:
        text = _scalar(value, most)
        return text if len(text) <= most else text[: most - 3] + "..."
    text = _content(value, most, depth)
    if 0 < len(text) <= most:
        return text
    if kind in CONTAINERS:
        return f"{kind.__name__} of {len(value)}"  # type: ignore[arg-type]
    return class_name(kind)[:most]


def class_name(kind: Any) -> str:
    """Return the name of a class, whatever its metaclass says."""
    return str(type.__dict__["__name__"].__get__(kind))


def _scalar(value: Any, most: int) -> str:
    kind = type(value)
    if kind is int and value.bit_length() > 256:
        return f"int of {value.bit_length()} bits"
    return repr(value[: most + 1] if kind in (str, bytes) else value)


def _content(value: Any, most: int, depth: int) -> str:
    """Return what is in ``value``; empty if it is nothing to be told by."""
    kind = type(value)
    if depth < 1:
        return ""
    if kind in BRACKETS:
        return _items(value, most, depth)
    if issubclass(kind, type):
        return f"class {class_name(value)}"
    name = class_name(kind)
    if issubclass(kind, Enum):
        return f"{name}.{namespace(value).get('_name_', '?')}"
    if issubclass(kind, tuple) and "_fields" in vars(kind):
        held = tuple.__iter__(value)
        pairs = list(zip(vars(kind)["_fields"], held, strict=False))
    elif "__dataclass_fields__" in vars(kind):
        found = [(field, attribute(value, field)) for field in vars(kind)["__dataclass_fields__"]]
        pairs = [(field, has[0]) for field, has in found if has]
    else:
        return ""
    parts = [f"{key}={spelled_value(part, most, depth - 1)}" for key, part in pairs]
    return f"{name}({', '.join(parts)})"


def _items(value: Any, most: int, depth: int) -> str:
    kind, size = type(value), len(value)
    opening, closing = BRACKETS[kind]
    if size > ITEMS:
        return ""
    if kind in (dict, OrderedDict, defaultdict):
        parts = [
            f"{spelled_value(key, most, 0)}: {spelled_value(held, most, depth - 1)}"
            for key, held in dict.items(value)
        ]
    else:
        parts = [spelled_value(item, most, depth - 1) for item in kind.__iter__(value)]
    if kind in (set, frozenset):
        parts.sort()  # they are in no order
        if not parts:
            return f"{kind.__name__}()"
    if kind is tuple and size == 1:
        closing = ",)"
    return opening + ", ".join(parts) + closing

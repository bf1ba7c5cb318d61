"""A drawn value in a few characters."""

from __future__ import annotations

from typing import Any

PLAIN: tuple[Any, ...] = (bool, int, float, str, bytes, type(None))
TEXT_MAX = 40  # characters of a drawn value
BITS_MAX = 128  # of an int that is spelled out


def brief(value: Any) -> str:
    """Return at most 40 characters for ``value``: plain types only, and none of its code runs."""
    kind = next((k for k in PLAIN if issubclass(type(value), k)), None)
    if kind is None:
        return str(type.__dict__["__name__"].__get__(type(value)))  # whatever its metaclass says
    if kind is int and int.bit_length(value) > BITS_MAX:
        return f"int of {int.bit_length(value)} bits"
    if kind in (str, bytes):  # the rest of it would be spelled out in vain
        value = kind.__getitem__(value, slice(TEXT_MAX))
    text = str(kind.__repr__(value))
    return text if len(text) <= TEXT_MAX else text[: TEXT_MAX - 3] + "..."

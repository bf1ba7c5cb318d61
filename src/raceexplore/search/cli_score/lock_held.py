"""The structured error by which a tool says that its lock is held."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

CODE = "LOCK_HELD"


@dataclass(frozen=True, slots=True)
class LockAnswer:
    """What such an error says. wrong: what is missing of it, in words; empty if nothing is."""

    retry_after_ms: float
    wrong: str = ""


def lock_held(*texts: str) -> LockAnswer | None:
    """Return what the first text with such an error in it says; None if there is none.

    An error is a JSON object with ``code``, ``message`` and ``retry_after_ms``, by itself or as
    the value of ``error``, in a line of its own or over several.
    """
    for text in texts:
        for value in objects(text):
            inner = value.get("error", value)
            if isinstance(inner, dict) and inner.get("code") == CODE:
                return _checked(inner)
    return None


def objects(text: str) -> Iterator[dict[str, object]]:
    """Yield the JSON objects in ``text``, from each brace that begins one."""
    decoder, place = json.JSONDecoder(), text.find("{")
    while place >= 0:
        try:
            value, end = decoder.raw_decode(text, place)
        except ValueError:
            end = place + 1
        else:
            yield value
        place = text.find("{", end)


def _checked(error: dict[str, object]) -> LockAnswer:
    after, message = error.get("retry_after_ms"), error.get("message")
    if not isinstance(after, int | float) or isinstance(after, bool) or not after >= 0:
        return LockAnswer(
            0, f"its retry_after_ms is {json.dumps(after)}, and not a number from 0 on"
        )
    if not isinstance(message, str) or not message:
        return LockAnswer(after, "it has no message")
    return LockAnswer(after)

"""What a part of a request must look like: patterns over one text, named as WireMock names them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from raceexplore.sim.unmodelled import library

Holds = Callable[[str | None], bool]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A condition on one text; None stands for a header or parameter that is not there.

    words: the condition, to be read after the name of the part: ``is 'x'``.
    holds: whether a text meets it.
    """

    words: str
    holds: Holds = field(compare=False, repr=False)


def equal(text: str, *, any_case: bool = False) -> Pattern:
    """Match the text itself; ``any_case``: whatever its case."""
    if any_case:
        folded = text.casefold()
        words = f"is {text!r} in any case"
        return Pattern(words, lambda given: given is not None and given.casefold() == folded)
    return Pattern(f"is {text!r}", lambda given: given == text)


def contains(text: str) -> Pattern:
    """Match texts with ``text`` in them."""
    return Pattern(f"contains {text!r}", lambda given: given is not None and text in given)


def regex(expression: str) -> Pattern:
    """Match texts that the regular expression matches as a whole.

    Raises `ValueError` for an expression that Python's `re` cannot read.
    """
    try:
        compiled = re.compile(expression, re.DOTALL)
    except re.error as error:
        raise ValueError(f"{expression!r} is no regular expression: {error}") from None
    return Pattern(
        f"matches {expression!r}",
        lambda given: given is not None and compiled.fullmatch(given) is not None,
    )


def absent() -> Pattern:
    """Match only if the part is not there."""
    return Pattern("is absent", lambda given: given is None)


def negated(pattern: Pattern) -> Pattern:
    """Match what ``pattern`` does not, absence included."""
    return Pattern(f"not: {pattern.words}", lambda given: not pattern.holds(given))


def all_of(*patterns: Pattern) -> Pattern:
    """Match what each of ``patterns`` does."""
    words = " and ".join(pattern.words for pattern in patterns)
    return Pattern(words, lambda given: all(pattern.holds(given) for pattern in patterns))


def any_of(*patterns: Pattern) -> Pattern:
    """Match what one of ``patterns`` does."""
    words = " or ".join(pattern.words for pattern in patterns)
    return Pattern(words, lambda given: any(pattern.holds(given) for pattern in patterns))


def equal_json(
    value: object, *, any_array_order: bool = False, extra_elements: bool = False
) -> Pattern:
    """Match JSON with this value.

    any_array_order: arrays may have another order. extra_elements: objects may have further keys.
    """

    def holds(given: str | None) -> bool:
        try:
            read = json.loads(given or "")
        except ValueError:
            return False
        return same(value, read, any_array_order=any_array_order, extra_elements=extra_elements)

    return Pattern(f"is the JSON {json.dumps(value)}", holds)


def json_path(expression: str, value: Pattern | None = None) -> Pattern:
    """Match JSON in which the path finds something; ``value``: that this pattern matches.

    What is found is compared as text: a string as it is, anything else as JSON. Raises `ValueError`
    for a path that cannot be read, and `MissingExtra` without python-jsonpath.
    """
    jsonpath = library("jsonpath")

    try:
        path: Any = jsonpath.compile(expression)
    except jsonpath.JSONPathError as error:
        raise ValueError(f"{expression!r} is no JSON path: {error}") from None

    def holds(given: str | None) -> bool:
        try:
            found = path.findall(json.loads(given or ""))
        except (ValueError, jsonpath.JSONPathError):
            return False
        if value is None:
            return bool(found) and found != [[]]
        return any(value.holds(_text(each)) for each in found)

    words = f"has {expression}" + (f" that {value.words}" if value else "")
    return Pattern(words, holds)


def same(one: Any, other: Any, *, any_array_order: bool, extra_elements: bool) -> bool:
    """Return whether two JSON values are equal, up to what is allowed."""

    def fits(a: Any, b: Any) -> bool:
        return same(a, b, any_array_order=any_array_order, extra_elements=extra_elements)

    if isinstance(one, dict) and isinstance(other, dict):
        keys = one.keys() <= other.keys() if extra_elements else one.keys() == other.keys()
        return keys and all(fits(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        size = len(one) <= len(other) if extra_elements else len(one) == len(other)
        if any_array_order:
            return size and _pairs_up(one, other, fits)
        return size and all(fits(a, b) for a, b in zip(one, other, strict=False))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)


def _pairs_up(wanted: list[Any], offered: list[Any], fits: Callable[[Any, Any], bool]) -> bool:
    """Return whether each of ``wanted`` finds another partner among ``offered``."""
    if not wanted:
        return True
    first, *rest = wanted
    return any(
        fits(first, each) and _pairs_up(rest, offered[:i] + offered[i + 1 :], fits)
        for i, each in enumerate(offered)
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)

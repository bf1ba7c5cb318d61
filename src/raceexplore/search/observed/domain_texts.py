"""The state of a program in its own words (`World.state`), as rows of text."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from raceexplore.kernel.standing.domain import NoAnswer, domain
from raceexplore.search.observed.outline import fields_of, is_foreign, outline

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS_MAX: Final = 60


def domain_texts() -> tuple[tuple[str, str], ...]:
    """Return (name, value) pairs of the states that the run in progress names, as they are now.

    A state with parts has a row for each: the fields of an object, the items of a dict, and those
    of a dict in a field.
    """
    return tuple([row for name, value in domain().items() for row in rows(name, value)])


def rows(name: str, value: object, depth: int = 2) -> Iterator[tuple[str, str]]:
    """Yield a row for each part of ``value``, at most 60; one if it has no parts."""
    parts = _parts(value)
    if not parts:
        yield name, outline(value) if not isinstance(value, NoAnswer) else f"raises {value.error}"
    for number, (part, inner) in enumerate(parts.items()):
        if number == ROWS_MAX:
            yield f"{name} ...", f"{len(parts) - ROWS_MAX} more"
            return
        if depth > 1 and type(inner) is dict:
            yield from rows(f"{name}{part}", inner, depth - 1)
        else:
            yield f"{name}{part}", outline(inner)


def _parts(value: object) -> dict[str, object]:
    if type(value) is dict:
        return {f"[{outline(key, 0)}]": inner for key, inner in value.items()}
    if isinstance(value, NoAnswer | Enum) or type(value) is tuple or is_foreign(type(value)):
        return {}
    return {f".{name}": inner for name, inner in fields_of(value).items()}

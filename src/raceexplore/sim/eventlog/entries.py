"""What a log holds, and how it says no."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Entry(NamedTuple):
    """One event of a log: who, what, when, caused by what.

    number: from 1; the state at version ``number`` is the first with it. event: what happened.
    who: a task's path, or what the caller said. when_s: seconds, by the log's clock; None without
    one. caused_by: numbers of earlier entries. seen: the version that it was decided on; None if
    the caller has not said so.
    """

    number: int
    event: object
    who: str
    when_s: float | None
    caused_by: tuple[int, ...] = ()
    seen: int | None = None


class Undone(NamedTuple):
    """The event that takes others back. numbers: of their entries."""

    numbers: tuple[int, ...]


class Conflict(Exception):
    """The log has grown since its caller has looked. expected, version: what was and what is."""

    def __init__(self, name: str, expected: int, version: int) -> None:
        super().__init__(f"{name} is at version {version}, not {expected}: look again, and decide")
        self.expected, self.version = expected, version


class Refused(Exception):
    """A reducer's no: the event cannot follow the state that it was given."""


class Depended(Exception):
    """An event cannot be undone alone. entries: the later ones that depend on it."""

    def __init__(self, name: str, number: int, entries: Sequence[Entry]) -> None:
        told = ", ".join(f"#{entry.number} {entry.event!r}" for entry in entries)
        super().__init__(f"{name} #{number} cannot be undone alone: {told} depend on it")
        self.number, self.entries = number, tuple(entries)

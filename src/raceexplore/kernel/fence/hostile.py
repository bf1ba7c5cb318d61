"""What an object of the program's says of itself: asked here alone, bounded in time and in size.

``__str__``, ``__notes__`` and their like are code of the program. They may raise, loop, never
answer, end the process, or answer with what is no text, has no end, or cannot be encoded.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, TypeGuard

from raceexplore.kernel.fence.pulse import Doing, pulse
from raceexplore.kernel.fence.watchdog import doing

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

LONGEST = 4_000  # letters of a text; what is longer is cut, and says so
LINES_MAX, NOTES_MAX = 200, 50
MODULE: Any = vars(type)["__module__"]
# what Python raises for a source that it cannot parse, or not that deep
UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
LEAVES_MAX = 1_000  # exceptions of a group that are looked at


def is_a(value: object, kinds: Any) -> TypeGuard[Any]:
    """Return whether ``value`` is an instance of one of ``kinds``; none of its code runs.

    ``isinstance`` asks ``__class__``, too: a proxy answers for another object, or raises where it
    stands for none.
    """
    return issubclass(type(value), kinds)


def text_of(value: object) -> str:
    """Return ``str(value)``, bounded; in its place, what happened when it was asked."""
    return _asked(value, str)


def repr_of(value: object) -> str:
    """Return ``repr(value)``, bounded; in its place, what happened when it was asked."""
    return _asked(value, repr)


def _asked(value: object, ask: Callable[[object], str]) -> str:
    kind = name_of(type(value))
    if pulse.mute:
        return f"<{kind}: asking for its text ends the process>"
    try:
        with doing(Doing.TEXT):
            told = ask(value)
    except BaseException as error:  # noqa: BLE001 whatever it raises is its answer
        return f"<{kind}: its text cannot be had: {name_of(type(error))}>"
    return bounded(told)


def bounded(text: str, longest: int = LONGEST) -> str:
    """Return a plain, encodable copy of ``text`` of at most about ``longest`` letters."""
    text = str.__str__(text)
    size = len(text)
    if size > longest:
        text = f"{str.__getitem__(text, slice(longest))}... ({size - longest:,} more letters)"
    text = encodable(text)
    lines = text.split("\n")
    if len(lines) > LINES_MAX:
        lines = [*lines[:LINES_MAX], f"... ({len(lines) - LINES_MAX:,} more lines)"]
    return "\n".join(lines)


def encodable(text: str) -> str:
    """Return ``text`` with halves of letters, which no file can hold, spelled out."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="backslashreplace").decode()
    return text


def name_of(kind: type) -> str:
    """Return the name of a class, whatever its metaclass would say."""
    return encodable(type.__dict__["__name__"].__get__(kind)[:200])


def home_of(kind: type) -> str:
    """Return the name of the module that a class is of; empty if it names what is none."""
    try:
        found: object = MODULE.__get__(kind)
    except AttributeError:  # it was deleted
        return ""
    return found if type(found) is str else ""


def traceback_of(error: BaseException) -> TracebackType | None:
    """Return the traceback of ``error``, whatever its class would say."""
    found: TracebackType | None = BaseException.__dict__["__traceback__"].__get__(error)
    return found


def cause_of(error: BaseException) -> BaseException | None:
    """Return the cause of ``error``, whatever its class would say."""
    found: BaseException | None = BaseException.__dict__["__cause__"].__get__(error)
    return found


def inner_of(group: BaseException) -> tuple[BaseException, ...]:
    """Return what a group of exceptions holds, whatever its class would say."""
    found: tuple[BaseException, ...] = BaseExceptionGroup.__dict__["exceptions"].__get__(group)
    return found


def leaves_of(error: BaseException) -> list[BaseException]:
    """Return the exceptions at the leaves of a group, in order; a plain one is its own leaf."""
    if not issubclass(type(error), BaseExceptionGroup):
        return [error]
    found: list[BaseException] = []
    waiting = [error]
    while waiting and len(found) < LEAVES_MAX:
        first = waiting.pop()
        if issubclass(type(first), BaseExceptionGroup):
            waiting += reversed(inner_of(first)[:LEAVES_MAX])
        else:
            found.append(first)
    return found


def notes_of(error: BaseException) -> list[str]:
    """Return the lines of the notes (PEP 678) that the program has added to ``error``."""
    if pulse.mute:
        return []
    try:
        with doing(Doing.TEXT):
            held: Any = getattr(error, "__notes__", ())
            notes = [held] if isinstance(held, str) else list(islice(iter(held), NOTES_MAX))
    except BaseException:  # noqa: BLE001 it has no notes that can be read
        return []
    return [line for note in notes for line in text_of(note).split("\n")]

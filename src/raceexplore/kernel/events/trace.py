"""What happened in a run: accesses, events and their digest."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Site(NamedTuple):
    """A place in the program's source.

    call: the trio function that is awaited there, e.g. ``Lock.acquire``; may be empty.
    """

    file: str
    line: int
    function: str
    call: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


NOWHERE = Site("", 0, "")


class Access(NamedTuple):
    """One shared location that an event touched.

    resource: (name of the object, attribute or key); the key ``...`` means the whole object. Names
        are the same in every run that reaches the object in the same way.
    Empty unless values were recorded: label: the location in words, e.g. ``Stock#1.count``;
        line: ``file:line`` of the access; before and after: values.
    """

    resource: tuple[Any, object]
    write: bool
    label: str
    line: str = ""
    before: str = ""
    after: str = ""


class Event(NamedTuple):
    """What one task did between two schedule points.

    number: position in the run, from 0. nth: position in its task, from 1.
    begin: where the task resumed; end: the await it reached (`NOWHERE` once it has ended).
    time_s: virtual time. woken: paths of the tasks that this event made ready, spawned ones too.
    draws: (label, index, value) of each pick. notes: lines of `World.event`.
    accesses: what it touched, where observed. declared: it said so itself (`World.touch`).
    ready: the task could go on after it. error: the type of the exception that ended the task
    with this event; empty if none did. cancelled: it began with a `trio.Cancelled`
    that reached the program's code.
    opaque: it ran code that nobody observes, and declared nothing. causes: numbers of the events
    that made this one possible: they spawned or woke its task, or are what it waited to end.
    choices: (label, index) of the draws but for latencies, which act through the order.
    """

    number: int
    task: str
    nth: int
    begin: Site
    end: Site
    time_s: float
    woken: tuple[str, ...] = ()
    draws: tuple[tuple[str, int, str], ...] = ()
    notes: tuple[str, ...] = ()
    accesses: tuple[Access, ...] = ()
    declared: bool = False
    ready: bool = False
    error: str = ""
    cancelled: bool = False
    opaque: bool = True
    causes: tuple[int, ...] = ()
    choices: tuple[tuple[str, int], ...] = ()

    @property
    def effects(self) -> tuple[Access, ...]:
        """The accesses less the reads of what the event also writes: all that others can see."""
        written = {access.resource for access in self.accesses if access.write}
        return tuple([a for a in self.accesses if a.write or a.resource not in written])


def digest(events: Iterable[Event]) -> str:
    """Return 16 hex digits that two runs share only if each event was the same in both.

    What counts: the task, where it resumed and stopped (file name, line), the time, who was
    woken, what was drawn. The folder of the program does not count.
    """
    running = blake2b(digest_size=8)
    for event in events:
        running.update(fingerprint(event).encode())
    return running.hexdigest()


def fingerprint(event: Event) -> str:
    """Return the part of ``event`` that must be the same in every replay, as a line of text."""
    begin, end = event.begin, event.end
    return (
        f"{event.task} {event.nth} {begin.file.rpartition('/')[2]}:{begin.line}"
        f" {end.file.rpartition('/')[2]}:{end.line} {end.call} {event.time_s!r}"
        f" {event.woken} {event.draws} {event.notes}\n"
    )

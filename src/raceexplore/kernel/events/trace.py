"""What happened in a run: accesses, events and their digest."""

from __future__ import annotations

from enum import IntEnum
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


class Kind(IntEnum):
    """What sort of thing an access touches: told by its class where it is noted, never by names.

    LOT: a parking lot, or what a simulated service keeps its callers in. UNSEEN: what nobody
    observes. INNER: what the runtime's own code keeps, which is no reader's concern.
    """

    DATA = 0
    LOCK = 1
    SEMAPHORE = 2
    LIMITER = 3
    EVENT = 4
    CHANNEL = 5
    LOT = 6
    SCOPE = 7
    UNSEEN = 8
    INNER = 9


QUEUES = frozenset({Kind.LOCK, Kind.SEMAPHORE, Kind.LIMITER, Kind.EVENT, Kind.CHANNEL, Kind.LOT})
"""What tasks wait for."""

GUARDS = frozenset({Kind.LOCK, Kind.SEMAPHORE, Kind.LIMITER, Kind.SCOPE, Kind.INNER})
"""What only says who may go on, and holds no data; channels do."""


UNTOLD = frozenset({Kind.SCOPE, Kind.INNER})
"""What holds nothing that a reader knows; that a scope is cancelled is told, though."""


class Stop(IntEnum):
    """What sort of await a task has stopped at.

    CONDITION: it waits to be notified. JOIN: it waits for the tasks of its nursery.
    """

    OTHER = 0
    ACQUIRE = 1
    CONDITION = 2
    EVENT = 3
    RECEIVE = 4
    SLEEP = 5
    JOIN = 6


class Site(NamedTuple):
    """A place in the program's source.

    call: the trio function that is awaited there, e.g. ``Lock.acquire``; may be empty.
    stop: what sort of await that is.
    """

    file: str
    line: int
    function: str
    call: str = ""
    stop: Stop = Stop.OTHER

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


NOWHERE = Site("", 0, "")
NOT_OBSERVED = "the program was not observed"
QUIET_STREAM = "random", 0  # the label and the index of the draw


class Access(NamedTuple):
    """One shared location that an event touched.

    resource: (name of the object, attribute or key); the key ``...`` means the whole object. Names
        are the same in every run that reaches the object in the same way.
    kind: what sort of object it is.
    Empty unless values were recorded: label: the location in words, e.g. ``Stock#1.count``;
        line: ``file:line`` of the access; before and after: values.
    """

    resource: tuple[Any, object]
    write: bool
    label: str
    line: str = ""
    before: str = ""
    after: str = ""
    kind: Kind = Kind.DATA


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
    opaque: why it cannot be ordered exactly, e.g. ``what os.listdir at crawl.py:12 does is not
    observed``; empty if all that it did was seen, or declared. causes: numbers of the events
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
    opaque: str = NOT_OBSERVED
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
        running.update(fingerprint(event).encode(errors="surrogatepass"))
    return running.hexdigest()


def fingerprint(event: Event) -> str:
    """Return the part of ``event`` that must be the same in every replay, as a line of text."""
    begin, end = event.begin, event.end
    # the stream of the quiet day is what was there before it was a choice: old digests hold
    draws = tuple([draw for draw in event.draws if draw[:2] != QUIET_STREAM])
    return (
        f"{event.task} {event.nth} {begin.file.rpartition('/')[2]}:{begin.line}"
        f" {end.file.rpartition('/')[2]}:{end.line} {end.call} {event.time_s!r}"
        f" {event.woken} {draws} {event.notes}\n"
    )

"""What the accesses of one event amount to: what it conflicts with, and the locks in it."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from raceexplore.kernel.events.trace import QUEUES, Access, Kind

if TYPE_CHECKING:
    from raceexplore.kernel.events.trace import Event

WHOLE = ...  # the key of an access to a whole object
OPAQUE = "code that nobody observes"
QUEUE = "(queue)"  # the part of a lock that asking for it writes
FREE = "(free)"  # the part of a lock that giving it back writes
REMEMBERED = 5_000  # footprints of accesses that are not shared between events

Place = tuple[str, object]


class Footprint(NamedTuple):
    """What one event touched, made ready for quick comparison.

    read, written: (object, key) of parts. whole_read, whole_written: objects touched as a whole.
    objects: every object touched.
    """

    read: frozenset[Place]
    written: frozenset[Place]
    whole_read: frozenset[str]
    whole_written: frozenset[str]
    objects: frozenset[str]


class Locks(NamedTuple):
    """What an event's accesses have to do with what tasks wait for.

    queues: the accesses to something of trio's that tasks wait for. requests: of these, to the
    queue of a lock. asked and released: names of locks. scopes: the accesses to cancel scopes.
    """

    queues: tuple[Access, ...] = ()
    requests: tuple[Access, ...] = ()
    asked: tuple[object, ...] = ()
    released: tuple[object, ...] = ()
    scopes: tuple[Access, ...] = ()


NO_LOCKS = Locks()


class Accesses(tuple[Access, ...]):  # noqa: SLOT001 what was asked for is kept beside the items
    """The accesses of an event; what follows from them is found when first asked for, and kept.

    Events that touch the same share one, so that it is found once for all of them.
    """

    @cached_property
    def footprint(self) -> Footprint:
        """The footprint of an event all of whose code was observed."""
        return _footprint(self, opaque=False)

    @cached_property
    def locks(self) -> Locks:
        """What they have to do with locks and queues."""
        queues = tuple([access for access in self if access.kind in QUEUES])
        return Locks(
            queues,
            tuple([access for access in queues if access.resource[1] == QUEUE]),
            tuple([access.resource[0] for access in queues if access.resource[1] == QUEUE]),
            tuple([access.resource[0] for access in queues if access.resource[1] == FREE]),
            tuple([access for access in self if access.kind is Kind.SCOPE]),
        )

    def __getstate__(self) -> None:
        """Keep what can be found again out of pickles."""


def footprint(event: Event) -> Footprint:
    """Return the footprint of ``event``; an opaque one touches all that is not observed."""
    accesses, opaque = event.accesses, event.opaque
    if opaque or not isinstance(accesses, Accesses):
        return _remembered(accesses, bool(opaque))
    return accesses.footprint


@lru_cache(maxsize=REMEMBERED)
def _remembered(accesses: tuple[Access, ...], opaque: bool) -> Footprint:  # noqa: FBT001
    return _footprint(accesses, opaque=opaque)


def _footprint(accesses: tuple[Access, ...], *, opaque: bool) -> Footprint:
    read: list[Place] = []
    written: list[Place] = []
    whole_read: list[str] = []
    whole_written: list[str] = []
    for access in accesses:
        if access.resource[1] is not WHOLE:
            (written if access.write else read).append(access.resource)
        else:
            (whole_written if access.write else whole_read).append(access.resource[0])
    if opaque:
        whole_written.append(OPAQUE)
    return Footprint(
        frozenset(read),
        frozenset(written),
        frozenset(whole_read),
        frozenset(whole_written),
        frozenset([*whole_read, *whole_written, *[place[0] for place in (*read, *written)]]),
    )


def conflict(one: Footprint, other: Footprint) -> bool:
    """Return whether two events of different tasks do not commute."""
    if one.objects.isdisjoint(other.objects):
        return False
    if not one.written.isdisjoint(other.written):
        return True
    if not one.written.isdisjoint(other.read) or not one.read.isdisjoint(other.written):
        return True
    return _whole(one, other) or _whole(other, one)


def _whole(one: Footprint, other: Footprint) -> bool:
    """Return whether ``one`` touches a whole object of which ``other`` touches a part."""
    if not one.whole_written.isdisjoint(other.objects):
        return True
    if one.whole_read.isdisjoint(other.objects):
        return False
    if not one.whole_read.isdisjoint(other.whole_written):
        return True
    return any(obj in one.whole_read for obj, _ in other.written)

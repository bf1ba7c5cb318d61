"""Which events are dependent, which happen before which, and the key of a trace class."""

from __future__ import annotations

from functools import cached_property
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from raceexplore.kernel.trace import Event, digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

WHOLE = ...  # the key of an access to a whole object
KEY_MASK = 0xFFFF_FFFF_FFFF_FFFF
OPAQUE = "code that nobody observes"


class Footprint(NamedTuple):
    """What one event touched, made ready for quick comparison.

    read, written: (object, key) of parts. whole_read, whole_written: objects touched as a whole.
    objects: every object touched.
    """

    read: frozenset[tuple[str, object]]
    written: frozenset[tuple[str, object]]
    whole_read: frozenset[str]
    whole_written: frozenset[str]
    objects: frozenset[str]


NOTHING_TOUCHED = Footprint(frozenset(), frozenset(), frozenset(), frozenset(), frozenset())


def footprint(event: Event) -> Footprint:
    """Return the footprint of ``event``; an opaque one touches all that is not observed."""
    accesses = event.accesses
    if not accesses and not event.opaque:
        return NOTHING_TOUCHED
    read = frozenset(a.resource for a in accesses if not a.write and a.resource[1] is not WHOLE)
    written = frozenset(a.resource for a in accesses if a.write and a.resource[1] is not WHOLE)
    whole = [a for a in accesses if a.resource[1] is WHOLE]
    whole_written = {a.resource[0] for a in whole if a.write}
    if event.opaque:
        whole_written.add(OPAQUE)
    return Footprint(
        read,
        written,
        frozenset(a.resource[0] for a in whole if not a.write),
        frozenset(whole_written),
        frozenset(a.resource[0] for a in accesses) | whole_written,
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


class Order(NamedTuple):
    """The happens-before relation of one run.

    past: for each event the bit mask of those that happen before it. races: pairs (i, j) of
    dependent events of different tasks with nothing in between, whose order could be reversed.
    footprints: of each event.
    """

    past: tuple[int, ...]
    races: tuple[tuple[int, int], ...]
    footprints: tuple[Footprint, ...]


class Trace(tuple[Event, ...]):  # noqa: SLOT001 what was asked for is kept beside the items
    """The events of one run; what follows from them is found when first asked for, and kept."""

    @cached_property
    def order(self) -> Order:
        """The happens-before relation."""
        return _order(self)

    @cached_property
    def keys(self) -> tuple[int, ...]:
        """The 64-bit key of each event: see `event_keys`."""
        return tuple(_event_keys(self, self.order.past))

    @cached_property
    def digest(self) -> str:
        """16 hex digits that stand for all that happened: see `trace.digest`."""
        return digest(self)

    def __getstate__(self) -> None:
        """Keep what can be found again out of pickles."""


def order(events: Sequence[Event]) -> Order:
    """Return the happens-before relation of ``events``; a run's is found once, and kept.

    An event happens before the next one of its task, before those that it made possible (it
    spawned or woke them, or they waited for its task to end), and before later dependent ones.
    """
    return events.order if isinstance(events, Trace) else _order(events)


def _order(events: Sequence[Event]) -> Order:
    kinds = _Kinds()
    footprints = tuple(footprint(event) for event in events)
    past: list[int] = []
    races: list[tuple[int, int]] = []
    latest: dict[str, int] = {}  # the last event of each task
    for j, event in enumerate(events):
        kind = kinds.of(footprints[j])
        certain = sum(1 << i for i in {*event.causes, latest.get(event.task, -1)} if i >= 0)
        left, mask = certain | kinds.dependent[kind], 0
        while left:
            i = left.bit_length() - 1
            mask |= past[i] | 1 << i
            left &= ~mask
            if not certain >> i & 1 and events[i].task != event.task:
                races.append((i, j))
        past.append(mask)
        latest[event.task] = j
        kinds.add(kind, j)
    return Order(tuple(past), tuple(races), footprints)


class _Kinds:
    """The distinct footprints of a run: there are few, so that each pair is compared once.

    dependent: for each kind the bit mask of the events so far that it conflicts with.
    """

    def __init__(self) -> None:
        self.dependent: list[int] = []
        self._numbers: dict[Footprint, int] = {}
        self._rivals: list[list[int]] = []  # the kinds that each kind conflicts with
        self._events: list[int] = []

    def of(self, touched: Footprint) -> int:
        """Return the number of the kind."""
        if touched in self._numbers:
            return self._numbers[touched]
        number = self._numbers[touched] = len(self._numbers)
        rivals = [k for other, k in self._numbers.items() if conflict(other, touched)]
        for rival in rivals:
            if rival != number:
                self._rivals[rival].append(number)
        self._rivals.append(rivals)
        self._events.append(0)
        mask = 0
        for rival in rivals:
            mask |= self._events[rival]
        self.dependent.append(mask)
        return number

    def add(self, kind: int, event: int) -> None:
        """Note that ``event`` is of ``kind``."""
        self._events[kind] |= 1 << event
        for rival in self._rivals[kind]:
            self.dependent[rival] |= 1 << event


def trace_key(events: Sequence[Event]) -> int:
    """Return a 64-bit key that two runs share if and only if they are of one trace class.

    Canonical: the sum over all events of a hash of the event's name and of how many events of
    each task happen before it; neither the order of independent events nor the names of what
    they touched count. (Two classes share a key by accident with probability 2**-64 a pair.)
    """
    return sum(event_keys(events)) & KEY_MASK


def event_keys(events: Sequence[Event]) -> Sequence[int]:
    """Return the 64-bit keys of ``events``, whose sum over a prefix names its trace class."""
    return events.keys if isinstance(events, Trace) else _event_keys(events, order(events).past)


def _event_keys(events: Sequence[Event], past: Sequence[int]) -> list[int]:
    keys = []
    for event, mask in zip(events, past, strict=True):
        known: dict[str, int] = {}
        for i in bits(mask):
            known[events[i].task] = max(known.get(events[i].task, 0), events[i].nth)
        text = f"{event.task} {event.nth} {event.draws} {sorted(known.items())}"
        keys.append(int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big"))
    return keys


def bits(mask: int) -> Iterable[int]:
    """Yield the numbers of the bits that are set in ``mask``, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low

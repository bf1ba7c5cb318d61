"""Which events are dependent, which happen before which, and the key of a trace class."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property, lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from raceexplore.kernel.events.footprint import Footprint, footprint
from raceexplore.kernel.events.trace import Event, digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

KEY_MASK = 0xFFFF_FFFF_FFFF_FFFF
LONG = 1_000  # events of a run above which its footprints are not compared kind by kind
REMEMBERED = 5_000  # footprints, and hashes: most events of a run were in an earlier one too


class Order(NamedTuple):
    """The happens-before relation of one run.

    past: for each event the bit mask of those that happen before it. races: pairs (i, j) of
    dependent events of different tasks with nothing in between, whose order could be reversed.
    footprints: of each event. keys: of each event, 64 bits (see `trace_key`).
    """

    past: tuple[int, ...]
    races: tuple[tuple[int, int], ...]
    footprints: tuple[Footprint, ...]
    keys: tuple[int, ...]


class Trace(tuple[Event, ...]):  # noqa: SLOT001 what was asked for is kept beside the items
    """The events of one run; what follows from them is found when first asked for, and kept."""

    @cached_property
    def order(self) -> Order:
        """The happens-before relation."""
        return _order(self)

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
    # two ways to the same masks: the second is slower per event, but no event meets all others
    kinds: Any = _Kinds() if len(events) <= LONG else _Events()
    footprints = tuple([footprint(event) for event in events])
    past: list[int] = []
    races: list[tuple[int, int]] = []
    keys: list[int] = []
    latest: dict[str, int] = {}  # the last event of each task, as a bit
    for j, event in enumerate(events):
        kind, dependent = kinds.before(footprints[j])
        certain, mask = latest.get(event.task, 0), 0
        key = _hashed(event.task, event.nth, event.choices)
        for i in event.causes:
            certain |= 1 << i
        left = certain | dependent
        while left:  # each i is a direct predecessor: no event comes between
            i = left.bit_length() - 1
            mask |= past[i] | 1 << i
            left &= ~mask
            key += keys[i]
            if not certain >> i & 1 and events[i].task != event.task:
                races.append((i, j))
        past.append(mask)
        keys.append(_mixed(key))
        latest[event.task] = 1 << j
        kinds.add(kind, j)
    return Order(tuple(past), tuple(races), footprints, tuple(keys))


class _Index:
    """Numbered footprints, filed by what they touch: finds those that conflict with another one.

    Nobody is compared with everybody: a run of many events has many footprints, most of which have
    nothing in common that is written. The rules are those of `conflict`. Sets of numbers are masks.
    """

    def __init__(self) -> None:
        made = [defaultdict[object, int](int) for _ in range(6)]
        self._read, self._written, self._touched, self._changed = made[:4]
        self._whole_read, self._whole_written = made[4:]

    def file(self, touched: Footprint, bit: int) -> None:
        """File the footprint that ``bit`` stands for under all that it touches."""
        for part in touched.read:
            self._read[part] |= bit
        for part in touched.written:
            self._written[part] |= bit
            self._changed[part[0]] |= bit
        for name in touched.objects:
            self._touched[name] |= bit
        for name in touched.whole_read:
            self._whole_read[name] |= bit
        for name in touched.whole_written:
            self._whole_written[name] |= bit
            self._changed[name] |= bit

    def rivals(self, touched: Footprint) -> int:
        """Return which of the footprints that are filed conflict with ``touched``."""
        found = 0
        for part in touched.read:
            found |= self._written[part]
        for part in touched.written:
            found |= self._written[part] | self._read[part] | self._whole_read[part[0]]
        for name in touched.objects:
            found |= self._whole_written[name]
        for name in touched.whole_read:
            found |= self._changed[name]
        for name in touched.whole_written:
            found |= self._touched[name]
        return found


class _Events:
    """The events of a long run so far, filed by what they touch: most have their own footprint."""

    def __init__(self) -> None:
        self._index = _Index()

    def before(self, touched: Footprint) -> tuple[Footprint, int]:
        """Return what `add` wants, and the mask of the events that ``touched`` conflicts with."""
        return touched, self._index.rivals(touched)

    def add(self, touched: Footprint, event: int) -> None:
        """Note the event."""
        self._index.file(touched, 1 << event)


class _Rivals:
    """Which footprints conflict, as bit masks: kept from run to run, since most of them recur."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget them all."""
        self._numbers: dict[Footprint, int] = {}
        self._rivals: list[int] = []
        self._index = _Index()

    def number(self, touched: Footprint) -> int:
        """Return the number of the footprint."""
        number = self._numbers.get(touched)
        if number is None:
            number = self._numbers[touched] = len(self._rivals)
            self._index.file(touched, 1 << number)
            found = self._index.rivals(touched)
            self._rivals.append(found)
            for other in bits(found & ~(1 << number)):
                self._rivals[other] |= 1 << number
        return number

    def among(self, present: int, number: int) -> int:
        """Return those of the footprints in the mask ``present`` that conflict with ``number``."""
        return self._rivals[number] & present

    def __len__(self) -> int:
        return len(self._rivals)


_rivals = _Rivals()


class _Kinds:
    """The kinds of events of a run, each a footprint: there are few, so they are compared once.

    dependent: for each kind the bit mask of the events so far that it conflicts with.
    """

    def __init__(self) -> None:
        if len(_rivals) > REMEMBERED:
            _rivals.clear()
        self.dependent: dict[int, int] = {}
        self._present = 0
        self._conflicting: dict[int, list[int]] = {}  # the kinds that each kind conflicts with
        self._events: dict[int, int] = {}

    def before(self, touched: Footprint) -> tuple[int, int]:
        """Return the number of the kind, and the mask of the events that it conflicts with."""
        number = _rivals.number(touched)
        if number not in self.dependent:
            self._enter(number)
        return number, self.dependent[number]

    def _enter(self, number: int) -> None:
        self._present |= 1 << number
        self._events[number] = mask = 0
        found = list(bits(_rivals.among(self._present, number)))
        for rival in found:
            mask |= self._events[rival]
            if rival != number:
                self._conflicting[rival].append(number)
        self._conflicting[number] = found
        self.dependent[number] = mask

    def add(self, kind: int, event: int) -> None:
        """Note that ``event`` is of ``kind``."""
        bit = 1 << event
        self._events[kind] |= bit
        for rival in self._conflicting[kind]:
            self.dependent[rival] |= bit


def trace_key(events: Sequence[Event]) -> int:
    """Return a 64-bit key that two runs share if and only if they are of one trace class.

    Canonical: the sum of the keys of all events. The key of an event is a hash of its task, its
    number there, its draws (latencies apart: they act through the order) and the sum of its direct
    predecessors' keys, so it names the event and all that happens before it; neither the order of
    independent events nor the names of what they touched count. (Two classes share a key by
    accident with probability 2**-64 a pair.)
    """
    return sum(event_keys(events)) & KEY_MASK


def event_keys(events: Sequence[Event]) -> Sequence[int]:
    """Return the 64-bit keys of ``events``, whose sum over a prefix names its trace class."""
    return order(events).keys


@lru_cache(maxsize=REMEMBERED)
def _hashed(task: str, nth: int, choices: Sequence[tuple[str, int]]) -> int:
    text = f"{task} {nth} {choices}"
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def _mixed(key: int) -> int:
    """Return the 64 bits of ``key``, scrambled as splitmix64 does (Steele et al., OOPSLA 2014)."""
    key &= KEY_MASK
    key = (key ^ key >> 30) * 0xBF58_476D_1CE4_E5B9 & KEY_MASK
    key = (key ^ key >> 27) * 0x94D0_49BB_1331_11EB & KEY_MASK
    return key ^ key >> 31


def bits(mask: int) -> Iterable[int]:
    """Yield the numbers of the bits that are set in ``mask``, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low

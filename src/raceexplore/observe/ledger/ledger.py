"""The ledger of one run: which shared locations the current event has read and written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import CellType, FrameType, FunctionType, ModuleType
from typing import Any, Final

from raceexplore.kernel.events.footprint import Accesses
from raceexplore.kernel.events.trace import QUEUES, UNTOLD, Access, Event, Kind
from raceexplore.kernel.fence.hostile import is_a
from raceexplore.observe.effects.by_class_of_object import MARK, effects
from raceexplore.observe.effects.codes import READ, REQUEST, SKIP, WRITE
from raceexplore.observe.effects.locations import (
    ALL,
    FREE,
    OPAQUE,
    ORDER,
    QUEUE,
    key_label,
)
from raceexplore.observe.effects.parts import has_finalizer, part_of
from raceexplore.observe.effects.sorts import kind_of
from raceexplore.observe.effects.spelling import value_text
from raceexplore.observe.effects.trio_primitives import has_state_elsewhere, state_of
from raceexplore.observe.effects.values import OUTSIDE, acting_primitive, calling_line
from raceexplore.observe.ledger.labels import Holders
from raceexplore.observe.ledger.landmarks import NONE, Landmarks
from raceexplore.observe.ledger.let_out import stored
from raceexplore.observe.ledger.naming import PLACED, Names, has_place, place, settled, unordered
from raceexplore.observe.ledger.scope_traces import ScopeTraces
from raceexplore.observe.ledger.shared_accesses import shared, spelled, told_once

Calls = Callable[["Ledger", Any, Sequence[Any]], object]
Location = tuple[int, object]  # (ordinal of the object, key)
UNOBSERVED: Final[Location] = (OPAQUE, ALL)


class Ledger:
    """Collect the accesses of one run, event by event.

    Of a location that an event has read and written, the write alone is kept: what conflicts with
    the read conflicts with it, too.
    values: also record values (at most 40 characters, no code of the program runs for them),
    labels and lines, and for each location the read before the first write, that write, and the
    read after it, in order. insertion_order: adding a key to a dict or a set also writes its order,
    where somebody looks at that; else two such events commute. landmarks: what all can reach.
    by_variable: call a container by the variable that it is found in, if nothing else holds it.
    calls: notes what a call does that the runtime makes.
    """

    __slots__ = (
        "_accesses",
        "_by_variable",
        "_details",
        "_holders",
        "_inserted",
        "_kept",
        "_kinds",
        "_landmarks",
        "_looks",
        "_ordered",
        "_ordinals",
        "_reads",
        "_reason",
        "_writes",
        "blind",
        "calls",
        "insertion_order",
        "names",
        "scopes",
        "values",
    )

    def __init__(
        self,
        *,
        values: bool = False,
        insertion_order: bool = False,
        blind: bool = False,
        landmarks: Landmarks = NONE,
        by_variable: bool = False,
        calls: Calls | None = None,
    ) -> None:
        self.values, self.blind, self._landmarks = values, blind, landmarks
        self._by_variable, self.calls = by_variable, calls
        self.names, self.scopes = Names(), ScopeTraces()
        # Accesses, by location, of objects whose names will not change any more.
        self._reads: dict[Location, Access] = {}
        self._writes: dict[Location, Access] = {}
        self.insertion_order = insertion_order
        self._inserted, self._ordered = False, set[int]()  # of what somebody saw the order
        self._looks: dict[object, Location] = {}  # by scope
        self._ordinals: dict[int, int] = {}
        # Keeps what has an ordinal alive, so that no id is used twice; index = ordinal.
        self._kept: list[list[object]] = [["code that nobody observes"]]
        self._kinds: list[type] = [str]  # an object may change its class
        self._accesses: dict[Location, bool] = {}  # of the event: was it a write?
        self._holders = Holders()
        self._reason = ""  # why the event is opaque
        # By (location, how): the object, whose code it was, the line and the value before.
        self._details: dict[tuple[Location, str], tuple[object, object, str, str]] = {}

    def read(self, obj: object, key: object) -> None:
        """Note that the current event has read ``key`` of ``obj``."""
        try:
            location = (self._ordinals[id(obj)], key)
        except KeyError:
            location = (self._enter(obj), key)
        if self.values:
            how = "read again" if self._accesses.get(location) else "read"
            self._describe(location, how, obj)
        self._accesses.setdefault(location, False)

    def write(self, obj: object, key: object) -> None:
        """Note that the current event has written ``key`` of ``obj``, or is about to."""
        try:
            location = (self._ordinals[id(obj)], key)
        except KeyError:
            location = (self._enter(obj), key)
        if self.values:
            self._describe(location, "write", obj)
        self._accesses[location] = True

    def insert(self, obj: object) -> None:
        """Note that the current event adds a key: it writes the order of keys."""
        self._inserted = True
        self.write(obj, ORDER)

    def seen_in_order(self, obj: object) -> None:
        """Note that the program goes through ``obj`` in the order in which it was filled."""
        self._ordered.add(self.ordinal(obj))

    def opaque(self, what: str, *, package: str = "") -> None:
        """Note that the current event does ``what`` nobody observes: calls a function, say.

        package: what it belongs to, if that could have been observed.
        """
        if not self._reason:
            line = calling_line().rpartition("/")[2]
            at = f" at {line}" if line else ""
            self._reason = f"what {what}{at} does is not observed"
            if package:
                self._reason = f"the package `{package}` was not observed"
        if self.values:
            self._describe(UNOBSERVED, "write", None)
        self._accesses[UNOBSERVED] = True

    def take(self) -> tuple[Access, ...]:
        """Return the accesses of the event that just ended, by first touch; start the next one."""
        if self.values:
            taken = told_once([self._detailed(*seen) for seen in self._details])
        else:
            taken = tuple(
                [
                    Access(place, write, "", kind=self._sort(place))
                    for place, write in self._accesses.items()
                ]
            )
        self.forget()
        return taken

    def forget(self) -> None:
        """Start the next event; what has been noted since the last one is nobody's."""
        self._accesses.clear()
        self._details.clear()
        self._reason = ""

    def look(self, scopes: Iterable[object]) -> None:
        """Note that the event has read all of each of ``scopes``, as every event does."""
        if self.values:
            for scope in scopes:
                self.read(scope, ALL)
            return
        accesses, looks = self._accesses, self._looks
        for scope in scopes:
            location = looks.get(scope)
            if location is None:
                location = looks[scope] = (self.ordinal(scope), ALL)
            if location not in accesses:
                accesses[location] = False

    def introduce(self, values: Iterable[object]) -> None:
        """Name all that can be reached from ``values``: other tasks are about to reach it."""
        self.names.let_out(values, self)

    def call(self, function: Any, args: Sequence[Any]) -> None:
        """Note that the event calls ``function``, which another one has posted."""
        if self.calls is not None:
            self.calls(self, function, args)

    def begin(self, primitive: object, name: str) -> None:
        """Note that a task begins whose body is the method ``name`` of something of trio's."""
        effect = effects[type(primitive)][name]
        code = effect if isinstance(effect, int) else effect(primitive)
        if code == REQUEST:
            self.write(primitive, QUEUE)
        elif code in {READ, WRITE}:
            (self.write if code == WRITE else self.read)(primitive, ALL)
        elif code != SKIP:
            self.opaque(f"{type(primitive).__qualname__}.{name} as a task")

    def spawned(self, coroutine: object) -> None:
        """Note that ``coroutine`` becomes a task's: others may have got hold of it before."""
        if id(coroutine) in self._ordinals:
            self.introduce((coroutine,))

    def begun(self, coroutine: object) -> None:
        """Note that the event is the first of ``coroutine``, which nobody else can await now."""
        if id(coroutine) in self._ordinals:
            self.write(coroutine, ALL)

    def close(self, task: str, nth: int) -> tuple[Accesses, str]:
        """Return the accesses of the ``nth`` event of ``task``, and why it is opaque, if it is.

        Their objects bear names (see naming.py) where `take` has numbers.
        """
        accesses = self._accesses
        if True in accesses.values():
            self._let_out_written()
        self.names.end_event(task, nth, self)
        opaque, self._reason = self._reason, ""
        if self.values:
            self.scopes.event += 1
            return Accesses([self._renamed(access, task) for access in self.take()]), opaque
        reads, writes = self._reads, self._writes
        named = [
            (writes if write else reads).get(location) or self._spelled(location, task)
            for location, write in accesses.items()
        ]
        accesses.clear()
        return shared.of(named), opaque

    def _let_out_written(self) -> None:
        """Name what has just been stored where other tasks can reach it."""
        for (ordinal, key), write in tuple(self._accesses.items()):
            if write and key is not QUEUE and key is not FREE:
                found = stored(self._kept[ordinal][0], key)
                if found and self.names.is_out(ordinal):
                    self.names.let_out(found, self)

    def _spelled(self, location: Location, task: str) -> Access:
        ordinal, key = location
        write, owned = self._accesses[location], ordinal in self.names.owner
        name, key = self._name(location, task)
        access = spelled(name, key, write, self._sort(location))
        if not owned and type(key) is not tuple:
            (self._writes if write else self._reads)[location] = access
        return access

    def _renamed(self, access: Access, task: str) -> Access:
        return access._replace(resource=self._name(access.resource, task))

    def settle(self, events: Sequence[Event]) -> Sequence[Event]:
        """Return the events of the run that has ended, with one name for each object.

        An object that leaked has a new name since then; the events before get it here. All that
        touch it are opaque: how it went from task to task is not known.
        """
        renamed = self.names.renamed
        if self._inserted:
            events = unordered(events, set(map(self.names.known, self._ordered)))
        return settled(events, renamed) if renamed else events

    def sees(self, frame: FrameType) -> bool:
        """Return whether the code of ``frame`` is observed."""
        return MARK in frame.f_globals

    def alias(self, part: object, obj: object) -> None:
        """Note that ``part`` is another way to ``obj``: what is done to it is done to that."""
        if self._ordinals.setdefault(id(part), self.ordinal(obj)) != self.ordinal(obj):
            self.write(obj, ALL)
        self._kept[self.ordinal(obj)].append(part)

    def is_alias(self, part: object) -> bool:
        """Return whether ``part`` is the dict of an object that other tasks can reach."""
        ordinal = self._ordinals.get(id(part))
        if ordinal is None or type(part) is not dict or self._kept[ordinal][0] is part:
            return False
        return self.names.is_out(ordinal)

    def behind(self, part: object) -> object:
        """Return the object that ``part`` is another way to."""
        return self._kept[self._ordinals[id(part)]][0]

    def _sort(self, location: Location) -> Kind:
        """Return what sort of thing a location is of."""
        return Kind.UNSEEN if location[0] == OPAQUE else kind_of[self._kinds[location[0]]]

    def count(self) -> int:
        """Return how many objects have a number."""
        return len(self._kept)

    def kind(self, ordinal: int) -> str:
        """Return the type name of an object."""
        return self._kinds[ordinal].__name__

    def _name(self, location: Location, task: str) -> tuple[str, object]:
        ordinal, key = location
        if type(key) is tuple and key[:1] == ("object",):
            key = ("object", self.names.name(key[1], task, self))
        return self.names.name(ordinal, task, self), key

    def key(self, obj: object, key: object) -> object:
        """Return the location key for ``obj[key]``: equal for equal keys, free of identities."""
        return part_of(obj, key, self.ordinal)

    def label(self, resource: tuple[Any, object]) -> str:
        """Return the location in words, e.g. ``Stock#1.count`` or ``dict#2['a']``.

        A container is called by where it was found first, if that is known: ``Shop#1.orders``.
        """
        ordinal = resource[0]
        way = self._holders.way(self._kept[ordinal][0], self._kept)
        label = self._object_label(way[0][0] if way else ordinal)
        for holder, inner in (*way, resource):
            label += key_label(type(self._kept[holder][0]), inner)
        return label

    def _object_label(self, ordinal: int) -> str:
        obj = self._kept[ordinal][0]
        kind = type(obj)
        if ordinal == OPAQUE:
            return str(obj)
        if is_a(obj, ModuleType):
            return str(obj.__name__)
        if issubclass(kind, type | FunctionType):
            return str(obj.__qualname__)  # type: ignore[attr-defined]
        name = self._holders.name(ordinal)
        if self._by_variable and not name and (variable := self._holders.variable(ordinal)):
            return f"{variable}#{ordinal}"
        return name or f"{'variable' if kind is CellType else kind.__name__}#{ordinal}"

    def ordinal(self, obj: object) -> int:
        """Return the number of ``obj``, in order of first touch."""
        ordinal = self._ordinals.get(id(obj))
        return self._enter(obj) if ordinal is None else ordinal

    def _enter(self, obj: object) -> int:
        if has_state_elsewhere[type(obj)]:
            ordinal = self.ordinal(state_of(obj))
            self._kept[ordinal].append(obj)
        else:
            ordinal = len(self._kept)
            self._kept.append([obj])
            self._kinds.append(type(obj))
            if has_finalizer[type(obj)]:
                self.opaque(f"{type(obj).__qualname__}.__del__")
            if id(obj) in self._landmarks:
                self.names.know(ordinal, self._landmarks[id(obj)][1])
            elif issubclass(type(obj), PLACED) and has_place(obj):
                self.names.know(ordinal, place(obj))
        self._ordinals[id(obj)] = ordinal
        return ordinal

    def _runtimes(self, access: Access, by: object) -> Access:
        """Return ``access``, which code of the runtime's own has made, in words that readers know.

        What a lock does to itself, or to those who wait for it, is done to the lock.
        """
        ordinal = self._ordinals.get(id(by))
        kind = Kind.INNER if ordinal is None else kind_of[type(by)]
        if ordinal is None or kind not in QUEUES:
            return access._replace(label=self.label(access.resource), kind=Kind.INNER)
        return access._replace(label=self.label((ordinal, ALL)), kind=kind)

    def _describe(self, location: Location, how: str, obj: object) -> None:
        if (location, how) not in self._details:
            by, line = acting_primitive(), calling_line()
            self._details[location, how] = (obj, by, line, value_text(obj, location[1]))
            self._holders.note(location, obj)

    def _detailed(self, location: Location, how: str) -> Access:
        obj, by, line, before = self._details[location, how]
        after = value_text(obj, location[1]) if how == "write" else ""
        self._holders.note(location, obj)
        written, kind = how == "write", self._sort(location)
        if by is not OUTSIDE and kind not in UNTOLD:
            return self._runtimes(Access(location, written, "", line), by)
        return Access(location, written, self.label(location), line, before, after, kind)

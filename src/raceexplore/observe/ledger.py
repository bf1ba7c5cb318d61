"""The ledger of one run: which shared locations the current event has read and written."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from types import CellType, FrameType, FunctionType, ModuleType
from typing import Any

from raceexplore.kernel.trace import Access
from raceexplore.observe.classes import MARK
from raceexplore.observe.holders import Holders
from raceexplore.observe.locations import ALL, OPAQUE, ORDER, SCALARS, SEQUENCES
from raceexplore.observe.naming import Names
from raceexplore.observe.primitives import has_state_elsewhere, state_of
from raceexplore.observe.values import calling_line, value_text


class _Accesses(dict[tuple[int, object], Access]):
    """Location -> the bare access; the same in each run, so made once."""

    def __init__(self, *, write: bool) -> None:
        super().__init__()
        self.write = write

    def __missing__(self, location: tuple[int, object]) -> Access:
        if len(self) > 100_000:
            self.clear()
        access = self[location] = Access(location, self.write, "")
        return access


READS = _Accesses(write=False)
WRITES = _Accesses(write=True)


class Ledger:
    """Collect the accesses of one run, event by event.

    Of a location that an event has read and written, the write alone is kept: what conflicts with
    the read conflicts with it, too.
    values: also record values (at most 40 characters, no code of the program runs for them),
    labels and lines, and for each location the read before the first write, that write, and the
    read after it, in order. insertion_order: adding a key to a dict also writes the dict's order,
    so that two such events are dependent; without it they are taken to commute.
    """

    __slots__ = (
        "_accesses",
        "_details",
        "_holders",
        "_kept",
        "_ordinals",
        "_spelled",
        "blind",
        "insertion_order",
        "names",
        "values",
    )

    def __init__(
        self, *, values: bool = False, insertion_order: bool = False, blind: bool = False
    ) -> None:
        self.values = values
        self.blind = blind
        self.names = Names()
        self._spelled: dict[Access, Access] = {}  # accesses of objects that other tasks can reach
        self.insertion_order = insertion_order
        self._ordinals: dict[int, int] = {}
        # Keeps what has an ordinal alive, so that no id is used twice; index = ordinal.
        self._kept: list[list[object]] = [["code that nobody observes"]]
        self._accesses: dict[tuple[int, object], Access] = {}
        self._holders = Holders()
        # By (location, how): the object, the line and the value before.
        self._details: dict[tuple[tuple[int, object], str], tuple[object, str, str]] = {}

    def read(self, obj: object, key: object) -> None:
        """Note that the current event has read ``key`` of ``obj``."""
        try:
            location = (self._ordinals[id(obj)], key)
        except KeyError:
            location = (self._enter(obj), key)
        if location not in self._accesses:
            self._accesses[location] = READS[location]
            if self.values:
                self._describe(location, "read", obj)
        elif self.values and self._accesses[location].write:
            self._describe(location, "read again", obj)

    def write(self, obj: object, key: object) -> None:
        """Note that the current event has written ``key`` of ``obj``, or is about to."""
        try:
            location = (self._ordinals[id(obj)], key)
        except KeyError:
            location = (self._enter(obj), key)
        if self.values:
            self._describe(location, "write", obj)
        self._accesses[location] = WRITES[location]

    def opaque(self) -> None:
        """Note that the current event runs code that nobody observes."""
        location = (OPAQUE, ALL)
        if self.values:
            self._describe(location, "write", None)
        self._accesses[location] = WRITES[location]

    def take(self) -> tuple[Access, ...]:
        """Return the accesses of the event that just ended, by first touch; start the next one."""
        if not self._accesses:
            return ()
        taken = tuple(self._accesses.values())
        self._accesses.clear()
        if self.values:
            taken = tuple([self._detailed(*seen) for seen in self._details])
            self._details.clear()
        return taken

    def introduce(self, values: Iterable[object]) -> None:
        """Name all that can be reached from ``values``: other tasks are about to reach it."""
        self.names.let_out(values, self)

    def close(self, event: str) -> tuple[tuple[Access, ...], bool]:
        """Return the accesses of the event of that name, and whether it was opaque.

        Their objects bear names (see naming.py) where `take` has numbers.
        """
        taken = self.take()
        for access in taken:
            ordinal, key = access.resource
            if access.write and self.names.is_out(ordinal):
                self.names.let_out(self._now_at(self._kept[ordinal][0], key), self)
        self.names.end_event(event, self)
        opaque = any(access.resource[0] == OPAQUE for access in taken)
        known = self._spelled
        named = [known.get(access) or self._named(access, event) for access in taken]
        return tuple(named), opaque

    def sees(self, frame: FrameType) -> bool:
        """Return whether the code of ``frame`` is observed."""
        return MARK in frame.f_globals

    def ordinal(self, obj: object) -> int:
        """Return the number of ``obj``, in order of first touch."""
        return self._ordinal(obj)

    def count(self) -> int:
        """Return how many objects have a number."""
        return len(self._kept)

    def kind(self, ordinal: int) -> str:
        """Return the type name of an object."""
        return type(self._kept[ordinal][0]).__name__

    def _named(self, access: Access, event: str) -> Access:
        ordinal, key = access.resource
        if type(key) is tuple and key[:1] == ("object",):
            key = ("object", self.names.name(key[1], event, self))
        label = access.label or self.label(access.resource)
        shared = not self.values and self.names.is_out(ordinal) and type(key) is not tuple
        name = self.names.name(ordinal, event, self)
        named = access._replace(resource=(name, key), label=label)
        if shared:  # its name will not change any more
            self._spelled[access] = named
        return named

    @staticmethod
    def _now_at(obj: object, key: object) -> list[object]:
        """Return what ``obj`` holds at ``key``, as a list, without running code of the program."""
        if isinstance(obj, CellType) or key is ALL:
            return [obj]
        if isinstance(obj, dict):
            return [dict.get(obj, key)]
        if isinstance(obj, (list, tuple)):
            return list(obj)
        return [getattr(obj, "__dict__", {}).get(key)]

    def key(self, obj: object, key: object) -> object:
        """Return the location key for ``obj[key]``: equal for equal keys, free of identities."""
        kind = type(key)
        if kind is int and issubclass(type(obj), SEQUENCES):
            return key + len(obj) if key < 0 else key  # type: ignore[operator,arg-type]
        if kind in SCALARS:
            return key
        if kind is tuple:
            parts = tuple([self.key(None, part) for part in key])  # type: ignore[attr-defined]
            return ALL if ALL in parts else parts
        if issubclass(kind, Enum) and kind.__hash__ is Enum.__hash__:
            return Enum.__str__(key)
        if kind.__hash__ is object.__hash__ and kind.__eq__ is object.__eq__:
            return ("object", self._ordinal(key))
        return ALL

    def label(self, resource: tuple[Any, object]) -> str:
        """Return the location in words, e.g. ``Stock#1.count`` or ``dict#2['a']``.

        A container is called by where it was found first, if that is known: ``Shop#1.orders``.
        """
        ordinal = resource[0]
        way = self._holders.way(self._kept[ordinal][0], self._kept)
        label = self._object_label(way[0][0] if way else ordinal)
        for holder, inner in (*way, resource):
            label += self._key_label(type(self._kept[holder][0]), inner)
        return label

    def _object_label(self, ordinal: int) -> str:
        obj = self._kept[ordinal][0]
        kind = type(obj)
        if ordinal == OPAQUE:
            return str(obj)
        if isinstance(obj, ModuleType):
            return obj.__name__
        if issubclass(kind, type | FunctionType):
            return str(obj.__qualname__)  # type: ignore[attr-defined]
        return f"{'variable' if kind is CellType else kind.__name__}#{ordinal}"

    @staticmethod
    def _key_label(kind: type, key: object) -> str:
        if key is ALL:
            return ""
        keyed = issubclass(kind, (dict, set, *SEQUENCES)) and key != ORDER
        return f"[{key!r}]" if keyed else f".{key}"

    def _ordinal(self, obj: object) -> int:
        ordinal = self._ordinals.get(id(obj))
        return self._enter(obj) if ordinal is None else ordinal

    def _enter(self, obj: object) -> int:
        if has_state_elsewhere[type(obj)]:
            ordinal = self._ordinal(state_of(obj))
            self._kept[ordinal].append(obj)
        else:
            ordinal = len(self._kept)
            self._kept.append([obj])
        self._ordinals[id(obj)] = ordinal
        return ordinal

    def _describe(self, location: tuple[int, object], how: str, obj: object) -> None:
        if (location, how) not in self._details:
            self._details[location, how] = (obj, calling_line(), value_text(obj, location[1]))
            self._holders.note(location, obj)

    def _detailed(self, location: tuple[int, object], how: str) -> Access:
        obj, line, before = self._details[location, how]
        access = WRITES[location] if how == "write" else READS[location]
        after = value_text(obj, location[1]) if access.write else ""
        self._holders.note(location, obj)
        return access._replace(label=self.label(location), line=line, before=before, after=after)

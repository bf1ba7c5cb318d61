"""Names for objects that are the same in every run that reaches the object in the same way.

An object that other tasks can reach gets its name from the event that let it out: the spawn of a
task that is given it, or the store into something that already had a name. That event happens
before whatever the others do to the object, so the name does not depend on who comes first. What
modules hold is out from the start (see landmarks.py). An object that nobody let out belongs to the
task that touches it; should another task touch it after all (it went by a way that is not
observed), it is *leaked* and bears the name of its type, in the events before that too.
"""

from __future__ import annotations

from collections import deque
from types import BuiltinFunctionType, CellType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Protocol

from raceexplore.observe.primitives import Kinds

if TYPE_CHECKING:
    from collections.abc import Iterable

PLAIN = (int, float, complex, str, bytes, bool, type(None), type, ModuleType, BuiltinFunctionType)
REACH_MAX = 2_000
MODELS = "raceexplore.models."
LEAKED = "leaked "
LEAVES = ("trio", "raceexplore")  # whose objects are one location each
CALLED = frozenset({FunctionType, MethodType})


class Numbered(Protocol):
    """The ledger, as far as naming needs it: a number for every object."""

    def ordinal(self, obj: object) -> int:
        """Return the number of ``obj``, in order of first touch."""
        ...

    def count(self) -> int:
        """Return how many objects have a number."""
        ...

    def kind(self, ordinal: int) -> str:
        """Return the type name of an object."""
        ...


class Names:
    """The names of one run's objects.

    owner: of ordinals that nobody let out, the task that touches them. renamed: what objects that
    have leaked were called before, and the name that they bear now.
    """

    def __init__(self) -> None:
        # By ordinal: the event that has touched the object first, and the first ordinal of that.
        self._births: list[tuple[str, int, int]] = [("", 0, 0)]
        self._names = {0: "code that nobody observes"}  # of those that were asked for
        self.owner: dict[int, str] = {}
        self._out: set[int] = set()
        self.renamed: dict[str, str] = {}

    def let_out(self, values: Iterable[object], ledger: Numbered) -> None:
        """Note that other tasks can reach ``values`` from now on, and all that is inside.

        Goes through attributes, closures, methods, lists, tuples, dicts and deques, breadth first,
        up to `REACH_MAX` objects. Sets are not gone through: they have no order of their own.
        """
        seen: set[int] = set()
        owner, out, born = self.owner, self._out, len(self._births)
        queue = [value for value in values if not is_plain[type(value)]]
        for value in queue:
            if type(value) not in CALLED:
                ordinal = ledger.ordinal(value)
                if ordinal in out or (ordinal < born and ordinal not in owner):
                    continue  # and so is all that was inside, and all that was stored there since
                out.add(ordinal)
            elif id(value) in seen:
                continue
            seen.add(id(value))
            if len(seen) > REACH_MAX:
                return
            queue += [part for part in parts(value) if not is_plain[type(part)]]

    def know(self, ordinal: int, name: str) -> None:
        """Note that the new object has a name, and that other tasks can reach it."""
        self._names[ordinal] = name
        self._out.add(ordinal)

    def is_out(self, ordinal: int) -> bool:
        """Return whether other tasks can reach the object."""
        return ordinal in self._out or (ordinal < len(self._births) and ordinal not in self.owner)

    def end_event(self, task: str, nth: int, ledger: Numbered) -> None:
        """Note what the ``nth`` event of ``task`` has touched or let out for the first time."""
        first, count, out = len(self._births), ledger.count(), self._out
        if first < count:
            self._births += [(task, nth, first)] * (count - first)
            self.owner.update(dict.fromkeys(range(first, count), task))
        if out:
            for ordinal in out:
                self.owner.pop(ordinal, None)
            out.clear()

    def name(self, ordinal: int, task: str, ledger: Numbered) -> str:
        """Return the name of an object that ``task`` touches."""
        owner = self.owner.get(ordinal)
        name = self._names.get(ordinal)
        if name is None:
            by, nth, first = self._births[ordinal]
            name = f"{by}.{nth}:{ordinal - first}.{ledger.kind(ordinal)}"
            self._names[ordinal] = name
        if owner is not None and owner != task:
            self.renamed[name] = name = self._names[ordinal] = LEAKED + ledger.kind(ordinal)
            del self.owner[ordinal]  # from now on all can reach it
        return name


def cell_contents(cell: CellType) -> list[object]:
    """Return what a closure's cell holds; nothing if it has not been assigned yet."""
    try:
        return [cell.cell_contents]
    except ValueError:
        return []


def parts(value: object) -> list[object]:
    """Return what an object holds that may be shared, without running code of the program."""
    if isinstance(value, FunctionType):
        return list(value.__closure__ or ())
    if isinstance(value, MethodType):
        return [value.__self__, value.__func__]
    if isinstance(value, CellType):
        return cell_contents(value)
    is_leaf, slots = _shapes[type(value)]
    if is_leaf:
        return []
    found: list[object] = []
    if isinstance(value, dict):
        found += [*dict.keys(value), *dict.values(value)]
    elif isinstance(value, (list, tuple, deque)):
        found += list(value)
    found += getattr(value, "__dict__", {}).values()
    return found + [getattr(value, slot) for slot in slots if hasattr(value, slot)]


class _Shapes(dict[type, tuple[bool, tuple[str, ...]]]):
    """Class -> whether its instances are one location each, and their slots; found once a class."""

    def __missing__(self, kind: type) -> tuple[bool, tuple[str, ...]]:
        module = kind.__module__
        is_leaf = module.partition(".")[0] in LEAVES and not module.startswith(MODELS)
        slots = [slot for slot in getattr(kind, "__slots__", ()) if isinstance(slot, str)]
        found = self[kind] = is_leaf, tuple(slots)
        return found


_shapes = _Shapes()
is_plain = Kinds(*PLAIN)

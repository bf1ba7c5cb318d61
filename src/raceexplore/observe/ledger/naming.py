"""Names for objects that are the same in every run that reaches the object in the same way.

An object that other tasks can reach gets its name from the event that let it out: the spawn of a
task that is given it, or the store into something that already had a name. That event happens
before whatever the others do to the object, so the name does not depend on who comes first. What
modules hold is out from the start (see landmarks.py). An object that nobody let out belongs to the
task that touches it; should another task touch it after all (it went by a way that is not
observed), it is *leaked* and bears the name of its type, in the events before that too.
"""

from __future__ import annotations

import gc
import sys
from collections import deque
from contextvars import Context
from functools import cache, partial
from types import (
    BuiltinFunctionType,
    CellType,
    FunctionType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import TYPE_CHECKING, Any, Protocol

from raceexplore.kernel.events.footprint import Accesses
from raceexplore.kernel.fence.hostile import home_of
from raceexplore.observe.effects.locations import ORDER
from raceexplore.observe.effects.remember import ByClass, Kinds
from raceexplore.observe.effects.values import namespace, slot_content

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from raceexplore.kernel.events.trace import Access, Event

PLAIN = (int, float, complex, str, bytes, bool, type(None), ModuleType, Context)
PLACED = (type, FunctionType, ModuleType)
REACH_MAX = 2_000
MODELS = "raceexplore.models."
LEAKED = "leaked "
LEAVES = ("trio", "raceexplore")  # whose objects are one location each
CALLED = frozenset({FunctionType, MethodType, BuiltinFunctionType})


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
            kind = type(value)
            if is_class[kind] and has_place(value):
                continue
            if kind not in CALLED:
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

    def known(self, ordinal: int) -> str:
        """Return the name by which an object was told of; empty if it was not."""
        return self._names.get(ordinal, "")

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


def settled(events: Sequence[Event], renamed: Mapping[str, str]) -> list[Event]:
    """Return ``events`` with new names for some objects; all that touch leaked ones are opaque."""

    def told(access: Access) -> Access:
        name, key = access.resource
        if type(key) is tuple and key[:1] == ("object",):
            key = ("object", renamed.get(key[1], key[1]))
        return access._replace(resource=(renamed.get(name, name), key))

    found = []
    for event in events:
        accesses = tuple([told(access) for access in event.accesses])
        names = [str(access.resource[0]) for access in accesses]
        leaked = next((f"a {n.removeprefix(LEAKED)}" for n in names if n.startswith(LEAKED)), "")
        opaque = event.opaque or (f"{leaked} went from task to task unobserved" if leaked else "")
        found.append(event._replace(accesses=accesses, opaque=opaque))
    return found


def unordered(events: Sequence[Event], seen: Collection[str]) -> list[Event]:
    """Return ``events`` without what they did to the order of dicts and sets but the ``seen``.

    Where nobody has looked at the order, it makes no difference who was first to add a key.
    """
    told = []
    for event in events:
        kept = [a for a in event.accesses if a.resource[1] != ORDER or a.resource[0] in seen]
        is_same = len(kept) == len(event.accesses)
        told.append(event if is_same else event._replace(accesses=Accesses(kept)))
    return told


def cell_contents(cell: CellType) -> list[object]:
    """Return what a closure's cell holds; nothing if it has not been assigned yet."""
    try:
        return [cell.cell_contents]
    except ValueError:
        return []


def parts(value: Any) -> list[object]:
    """Return what an object holds that may be shared, without running code of the program."""
    kind = type(value)
    if kind in CALLED:
        return _function_parts(value)
    if kind is CellType:
        return cell_contents(value)
    if is_class[kind]:
        return [held for held in namespace(value).values() if type(held) is not FunctionType]
    is_leaf, is_wrapper, slots, made = _shapes[kind]
    if is_leaf:
        return []
    found: list[object] = gc.get_referents(value) if is_wrapper else []
    if issubclass(kind, dict):
        found += [*dict.keys(value), *dict.values(value)]
    elif issubclass(kind, (list, tuple, deque)):
        found += items(value)
    elif issubclass(kind, BaseException):
        found += ARGUMENTS.__get__(value)
    found += namespace(value).values()
    if slots:
        found += [held for member in slots for held in slot_content(member, value)]
    return found + made


def items(value: Any) -> list[object]:
    """Return what a list, tuple or deque holds, or an instance of a class derived from one."""
    base: Any = next(base for base in (list, tuple, deque) if issubclass(type(value), base))
    return list(base.__iter__(value))


def _function_parts(function: Any) -> list[object]:
    """Return what a function holds: its closure, the defaults of its parameters, its attributes.

    Of a method: the object that it is bound to.
    """
    if type(function) is MethodType:
        return [function.__self__, function.__func__]
    if type(function) is BuiltinFunctionType:
        return [function.__self__]
    held: list[object] = list(function.__closure__ or ())
    if function.__defaults__:
        held += function.__defaults__
    if function.__kwdefaults__:
        held += function.__kwdefaults__.values()
    return held + list(vars(function).values())


def has_place(code: object) -> bool:
    """Return whether a class or a function is its module's own, so that its name says which."""
    return "<locals>" not in place(code)


def place(code: Any) -> str:
    """Return the name of a module, or the module and the name of a class or a function."""
    kind = type(code)
    if issubclass(kind, ModuleType):
        return f"module {namespace(code).get('__name__')}"
    if kind is FunctionType:
        return f"{code.__module__}.{code.__qualname__}"
    return f"{namespace(code).get('__module__')}.{QUALNAME.__get__(code)}"


Shape = tuple[bool, bool, tuple[MemberDescriptorType, ...], list[object]]


class _Shapes(ByClass[Shape]):
    """What instances of a class hold.

    Whether they are one location each; whether they are made of C and stand for what they refer
    to, as iterators and partial functions do; their slots; the class itself if a run has made it.
    """

    def find(self, kind: type) -> Shape:
        """Return the shape of the instances of ``kind``."""
        module = home_of(kind)
        root = module.partition(".")[0]
        is_leaf = root in LEAVES and not module.startswith(MODELS)
        is_ours = not kind.__dictoffset__ or kind in STANDS
        is_wrapper = (
            is_ours and root in sys.stdlib_module_names and not issubclass(kind, CONTAINERS)
        )
        members = [member for base in kind.__mro__ for member in vars(base).values()]
        slots = [member for member in members if type(member) is MemberDescriptorType]
        slots = [] if is_wrapper or issubclass(kind, FIXED) else slots
        made: list[object] = [] if has_place(kind) else [kind]
        return is_leaf, is_wrapper, tuple(slots), made


ARGUMENTS: Any = vars(BaseException)["args"]
QUALNAME: Any = vars(type)["__qualname__"]
STANDS = (partial, type(cache(len)))
CONTAINERS = (list, tuple, dict, deque, set, frozenset)
FIXED = (type, BaseException, tuple)  # what these hold is known
_shapes = _Shapes()
is_plain = Kinds(*PLAIN)
is_class = Kinds(type)

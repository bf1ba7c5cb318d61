"""What a reader calls a container, a lock or a variable: by what led to it, or whose it is."""

from __future__ import annotations

from types import CellType

from raceexplore.kernel.events.trace import QUEUES
from raceexplore.observe.effects.sorts import kind_of
from raceexplore.observe.effects.trio_primitives import TABLES
from raceexplore.observe.effects.values import CONTAINERS, calling_frame, peek
from raceexplore.observe.ledger.owners import owner

Location = tuple[int, object]
FAR = 4  # a.b['c'][2]['d'] is as much as one reads


class Holders:
    """The location through which each container, lock or channel of one run was reached first.

    ``Shop.unused`` tells more than ``set#7``. A variable that inner functions use is called by the
    function that it belongs to: ``main.left``, and that of its second call ``main#2.left``. For
    labels only: what an access means does not depend on it.
    """

    def __init__(self) -> None:
        self._at: dict[int, tuple[object, Location]] = {}  # keeps the object, so that its id lasts
        self._named: dict[int, str] = {}  # by ordinal: a cell's function, or what a cell held
        self._calls: dict[tuple[str, str], int] = {}
        self._local: dict[int, str] = {}  # by ordinal: the variable that it was first found in

    def note(self, location: Location, obj: object) -> None:
        """Note which of these, if any, the event has come to at ``location`` of ``obj``."""
        ordinal, key = location
        if ordinal not in self._named:
            if type(obj) is CellType:
                self._named[ordinal] = self._function(str(key))
            elif type(obj) in CONTAINERS or _is_named(obj):
                self._named[ordinal] = self._variable(obj)
                if type(obj) in CONTAINERS:  # a lock has another name in each function
                    self._local[ordinal] = _local_variable(obj)
        for held in peek(obj, location[1]):
            if (type(held) in CONTAINERS or _is_named(held)) and held is not obj:
                self._at.setdefault(id(held), (held, location))

    def variable(self, ordinal: int) -> str:
        """Return the variable by which a function that touched the object first calls it."""
        return self._local.get(ordinal, "")

    def name(self, ordinal: int) -> str:
        """Return the function whose variable a cell is, or the variable that held a container.

        Empty if the object with that ordinal is neither, or nothing is known.
        """
        return self._named.get(ordinal, "")

    def _variable(self, obj: object) -> str:
        """Return the name of the variable of an outer function through which ``obj`` is reached."""
        frame = calling_frame()
        if frame is None:
            return ""
        values = frame.f_locals
        names = (*frame.f_code.co_cellvars, *frame.f_code.co_freevars)
        name = next((name for name in names if values.get(name) is obj), "")
        function = self._function(name) if name else ""
        return f"{function}.{name}" if function else ""

    def _function(self, name: str) -> str:
        """Return the function whose variable ``name`` is in the code that runs."""
        frame = calling_frame()
        function = owner(frame.f_code, name) if frame is not None else ""
        if not function:
            return ""
        call = self._calls[function, name] = self._calls.get((function, name), 0) + 1
        return function.rpartition(".")[2] + (f"#{call}" if call > 1 else "")

    def way(self, obj: object, kept: list[list[object]]) -> list[Location]:
        """Return the locations that lead to ``obj``, from the outermost; ``kept`` by ordinal.

        Nothing if ``obj`` is held by nothing known, from too far, or by what it holds itself.
        """
        way: list[Location] = []
        while id(obj) in self._at:
            location = self._at[id(obj)][1]
            if location in way or len(way) == FAR:
                return []
            way.append(location)
            obj = kept[location[0]][0]
        return way[::-1]


def _is_named(obj: object) -> bool:
    """Return whether ``obj`` is something of the runtime's that readers know by what holds it."""
    return type(obj) in TABLES or kind_of[type(obj)] in QUEUES


def _local_variable(obj: object) -> str:
    """Return the variable of the code that runs which holds ``obj``; its arguments come first."""
    frame = calling_frame()
    if frame is None:
        return ""
    values, names = frame.f_locals, frame.f_code.co_varnames
    found = (name for name in names if values.get(name) is obj)
    return next((name for name in found if not name.startswith(("__rx", "."))), "")

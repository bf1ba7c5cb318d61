"""What a reader calls a container or a lock: by the attribute, variable or key that led to it."""

from __future__ import annotations

from raceexplore.observe.primitives import TABLES
from raceexplore.observe.values import CONTAINERS, peek

Location = tuple[int, object]
FAR = 4  # a.b['c'][2]['d'] is as much as one reads


class Holders:
    """The location through which each container, lock or channel of one run was reached first.

    ``Shop.unused`` tells more than ``set#7``. For labels only: what an access means does not
    depend on it.
    """

    def __init__(self) -> None:
        self._at: dict[int, tuple[object, Location]] = {}  # keeps the object, so that its id lasts

    def note(self, location: Location, obj: object) -> None:
        """Note which of these, if any, the event has come to at ``location`` of ``obj``."""
        for held in peek(obj, location[1]):
            if (type(held) in CONTAINERS or type(held) in TABLES) and held is not obj:
                self._at.setdefault(id(held), (held, location))

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

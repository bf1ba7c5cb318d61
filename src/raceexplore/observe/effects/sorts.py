"""What the objects of a runtime are, by their classes, and the tables of what they touch."""

from __future__ import annotations

from typing import Final

from raceexplore.kernel.events.trace import Kind
from raceexplore.observe.effects import asyncio_primitives, trio_primitives
from raceexplore.observe.effects.codes import Table
from raceexplore.observe.effects.remember import ByClass

PRIMITIVES: Final[dict[type, Table]] = {**trio_primitives.TABLES, **asyncio_primitives.TABLES}
KINDS: Final[dict[type, Kind]] = {**trio_primitives.SORTS, **asyncio_primitives.SORTS}


class Sorts(ByClass[Kind]):
    """Class -> what sort of thing its instances are; a class of the program's own is data."""

    def find(self, kind: type) -> Kind:
        """Return the sort of ``kind``, which derives from at most one of the runtime's."""
        for known, sort in KINDS.items():
            if issubclass(kind, known):
                return sort
        return Kind.CHANNEL if kind is trio_primitives.channel_state() else Kind.DATA


kind_of: Final = Sorts()


def know(tables: dict[type, Table], sorts: dict[type, Kind]) -> None:
    """Enter the tables and the sorts of a library's classes, once that is loaded."""
    PRIMITIVES.update(tables)
    KINDS.update(sorts)
    kind_of.clear()

"""What an event of a client does to the server, told to the explorer: a row's column, a lock.

Each row is called by its primary key, ``event[id=1]``; a table without one is one place. A commit
writes what its transaction has changed, and not before: until then only locks show. Two shared
locks on a row commute, so that they count as reads of its lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from raceexplore.sim.postgres.engine.modes import Mode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from raceexplore.kernel.world import World
    from raceexplore.sim.postgres.engine.rows import Heap, Row, Values


class Telling:
    """Tells the world of one server what each event touches.

    is_on: somebody observes the run; else nothing needs to be told.
    """

    __slots__ = ("is_on", "world")

    def __init__(self, world: World) -> None:
        self.world = world
        self.is_on = world.is_observed

    def read(self, heap: Heap, row: Row, values: Values, columns: Iterable[int]) -> None:
        """Tell that ``columns`` of ``row`` are read, which has ``values``."""
        if not row.name:
            self.scan(heap)
            return
        self.world.used(heap.name, row.name, write=False)
        for column in columns:
            value = str(values[column])[:40], ""
            place = f"{row.name}.{heap.columns[column]}"
            self.world.used(heap.name, place, write=False, values=value)

    def absent(self, heap: Heap, name: str) -> None:
        """Tell that a row was looked for and not found."""
        self.world.used(heap.name, name or ..., write=False)

    def scan(self, heap: Heap) -> None:
        """Tell that the whole table is read."""
        self.world.used(heap.name, write=False)

    def publish(self, heap: Heap, row: Row, old: Values | None, new: Values | None) -> None:
        """Tell that a commit replaces ``old`` by ``new``; None: there is none."""
        world, table, name = self.world, heap.name, row.name
        if not name:
            world.used(table, write=True)
        elif old is None or new is None:
            values = str(old)[:40] if old is not None else "", str(new)[:40] if new else "gone"
            world.used(table, name, write=True, values=values)
            for column in heap.columns:
                world.used(table, f"{name}.{column}", write=True)
        else:
            for column, before, after in zip(heap.columns, old, new, strict=True):
                if before != after or type(before) is not type(after):
                    texts = str(before)[:40], str(after)[:40]
                    world.used(table, f"{name}.{column}", write=True, values=texts)

    def lock(self, heap: Heap, name: str, mode: Mode = Mode.UPDATE) -> None:
        """Tell that the lock of a row, or of a key, is asked for, had or given back."""
        write = mode >= Mode.NO_KEY_UPDATE
        self.world.used(f"lock on {heap.name}", name or ..., write=write)

    def other(self, what: str) -> None:
        """Tell that something of the server's is changed that is no row."""
        self.world.used(what, write=True)

"""Rows and their versions, and which version a snapshot sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from raceexplore.sim.postgres.engine.modes import Mode
from raceexplore.sim.postgres.engine.transactions import NEVER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from raceexplore.sim.postgres.engine.locks import Request
    from raceexplore.sim.postgres.engine.transactions import Snapshot, Transaction

Values = tuple[Any, ...]
Key = tuple[Any, ...]


class Version(NamedTuple):
    """One version of a row.

    values: None if it is the version that deletes the row. by: who has made it; None: it was there
    from the start. command: the statement of that transaction. place: where it lies in the table,
    counted; a scan without an order goes by that, as PostgreSQL's does on a young table. keeps_key:
    whoever has made it had the row locked too weakly to change its keys.
    """

    values: Values | None
    by: Transaction | None
    command: int
    place: int
    keeps_key: bool = False


class Row:
    """A row through all its versions, the oldest first.

    locks: who has locked it, and how. queue: who waits to. name: what reports call it by; empty if
    its table has no primary key. heap: its table.
    """

    __slots__ = ("heap", "locks", "name", "queue", "versions")

    def __init__(self, heap: Heap, version: Version, name: str) -> None:
        self.versions = [version]
        self.heap, self.name = heap, name
        self.locks: dict[Transaction, Mode] = {}
        self.queue: list[Request] = []

    def seen(self, snapshot: Snapshot) -> Version | None:
        """Return the version that ``snapshot`` sees; None if it sees none."""
        sequence, own, command = snapshot
        for version in reversed(self.versions):
            by = version.by
            if by is None or (
                version.command < command if by is own else by.committed_at <= sequence
            ):
                return version if version.values is not None else None
        return None

    def keeps_key(self, seen: Version) -> bool:
        """Return whether nobody who has changed the row since ``seen`` could change its keys."""
        return all(version.keeps_key for version in self.versions if version.place > seen.place)

    def newest(self, own: Transaction) -> Version | None:
        """Return the newest version that is committed or by ``own``, a deletion too."""
        for version in reversed(self.versions):
            by = version.by
            if by is None or by is own or by.committed_at < NEVER:
                return version
        return None

    def writer(self, own: Transaction) -> Transaction | None:
        """Return the other transaction that has an uncommitted version of the row, if any."""
        by = self.versions[-1].by
        return None if by is None or by is own or by.committed_at < NEVER else by


class Index:
    """Finds the rows that have, or had, a key in some version."""

    __slots__ = ("columns", "rows")

    def __init__(self, columns: tuple[int, ...]) -> None:
        self.columns = columns
        self.rows: dict[Key, dict[Row, None]] = {}

    def key(self, values: Values) -> Key:
        """Return the key of ``values``."""
        return tuple([values[column] for column in self.columns])

    def add(self, row: Row, values: Values) -> None:
        """Note that ``row`` has a version with ``values``."""
        self.rows.setdefault(self.key(values), {})[row] = None

    def drop(self, row: Row, values: Values) -> None:
        """Forget that ``row`` had a version with ``values``."""
        key = self.key(values)
        found = self.rows.get(key)
        if found is not None:
            found.pop(row, None)
            if not found:
                del self.rows[key]

    def find(self, key: Key) -> Iterable[Row]:
        """Return the rows that have or had ``key``."""
        return self.rows.get(key, ())


class Heap:
    """The rows of one table, and its indexes.

    name and columns: of the table. indexes: those of the unique keys, with the names of their
    constraints. primary: the first of them is the primary key's.
    """

    __slots__ = (
        "columns", "constraints", "indexes", "name", "place", "primary", "rows", "shuffled",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        columns: tuple[str, ...],
        keys: Sequence[tuple[str, tuple[int, ...]]],
        *,
        primary: bool,
    ) -> None:
        self.name, self.columns = name, columns
        self.constraints = [constraint for constraint, _ in keys]
        self.indexes = [Index(key) for _, key in keys]
        self.primary = self.indexes[0] if primary else None
        self.rows: dict[Row, None] = {}
        self.place = 0
        self.shuffled = False  # versions do not lie in the order of the rows

    def row_name(self, values: Values) -> str:
        """Return what a row is called: its primary key, if there is one."""
        return "" if self.primary is None else self.key_name(self.primary, self.primary.key(values))

    def key_name(self, index: Index, key: Key) -> str:
        """Return what a key is called, e.g. ``[id=1]``."""
        names = [self.columns[column] for column in index.columns]
        return f"[{', '.join(f'{n}={v!r}' for n, v in zip(names, key, strict=True))}]"

    def constraint(self, index: Index) -> str:
        """Return the name of the constraint that ``index`` stands for."""
        return self.constraints[self.indexes.index(index)]

    def add(self, values: Values, by: Transaction | None, command: int, name: str) -> Row:
        """Add a row."""
        self.place += 1
        row = Row(self, Version(values, by, command, self.place), name)
        self.rows[row] = None
        for index in self.indexes:
            index.add(row, values)
        return row

    def put(self, row: Row, values: Values | None, by: Transaction, command: int) -> None:
        """Add a version of ``row``; None deletes it."""
        self.place += 1
        keeps_key = values is not None and row.locks.get(by) == Mode.NO_KEY_UPDATE
        row.versions.append(Version(values, by, command, self.place, keeps_key))
        if values is not None:
            self.shuffled = True
            for index in self.indexes:
                index.add(row, values)

    def take_back(self, row: Row) -> None:
        """Undo the last `put`, or `add` where that is all there is."""
        version = row.versions.pop()
        if not row.versions:
            del self.rows[row]
        self._unindex(row, version.values)

    def tidy(self, row: Row) -> None:
        """Forget all versions of ``row`` but the last: nobody can see them any more."""
        last = row.versions[-1]
        old, row.versions = row.versions[:-1], [last]
        if last.values is None:
            self.rows.pop(row, None)
        for version in old:
            self._unindex(row, version.values)

    def _unindex(self, row: Row, values: Values | None) -> None:
        if values is None:
            return
        for index in self.indexes:
            key = index.key(values)
            if not any(v.values is not None and index.key(v.values) == key for v in row.versions):
                index.drop(row, values)

    def scan(self, snapshot: Snapshot) -> Iterator[tuple[Row, Version]]:
        """Return the rows that ``snapshot`` sees, in the order in which they lie."""
        found = [(row, version) for row in self.rows if (version := row.seen(snapshot))]
        if self.shuffled:
            found.sort(key=_by_place)
        return iter(found)


def _by_place(found: tuple[Row, Version]) -> int:
    return found[1].place

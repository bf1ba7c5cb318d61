"""What names mean inside one query: its tables, and those of the query around it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from raceexplore.sim.postgres.engine.errors import SqlError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from raceexplore.sim.postgres.engine.database import Database
    from raceexplore.sim.postgres.engine.transactions import Snapshot
    from raceexplore.sim.postgres.sql.values.types import Type

Env = tuple[Any, ...]  # the values of each table's row, those of the outer queries first


class Running:
    """One execution of a statement.

    memo: results of sub-queries that do not depend on the row, and of functions that wait. session:
    what functions of the session work on.
    """

    __slots__ = ("database", "memo", "params", "session", "snapshot")

    def __init__(
        self, database: Database, snapshot: Snapshot, params: tuple[Any, ...], session: Any
    ) -> None:
        self.database, self.snapshot, self.params = database, snapshot, params
        self.session = session
        self.memo: dict[object, Any] = {}


class Expression(NamedTuple):
    """A compiled expression: a function of a row, the type of its value, and a name for it.

    literal: its text and position, if it is a string in quotes, whose type its neighbours decide.
    """

    run: Callable[[Env, Running], Any]
    kind: Type
    name: str = "?column?"
    literal: tuple[str, int] | None = None


class Source(NamedTuple):
    """A table of a query, or what stands for one: its alias, columns and their types.

    table: the name of the stored table; empty for a sub-query. used: the columns that the query
    looks at.
    """

    alias: str
    columns: tuple[str, ...]
    types: tuple[Type, ...]
    table: str
    used: set[int]


class Scope:
    """The sources of one query.

    outer: the scope around it. base: the place of the first source in an `Env`. reaches: whether
    something in it belongs to an outer scope.
    """

    def __init__(self, outer: Scope | None = None) -> None:
        self.outer = outer
        self.sources: list[Source] = []
        self.base: int = 0 if outer is None else outer.base + outer.width
        self.width: int = 0
        self.reaches = False
        self.hidden: set[int] = set()

    def add(self, source: Source, position: int = 0) -> int:
        """Add a source and return its place in an `Env`."""
        if any(source.alias == other.alias for other in self.sources):
            raise SqlError(
                "42712",
                f'table name "{source.alias}" specified more than once',
                position=position,
            )
        self.sources.append(source)
        self.width = max(self.width, len(self.sources))
        return self.base + len(self.sources) - 1

    @contextmanager
    def only(self, known: Collection[int]) -> Iterator[None]:
        """Hide all sources but those at the ``known`` places."""
        before, self.hidden = self.hidden, set(range(self.base, self.base + self.width)) - {*known}
        try:
            yield
        finally:
            self.hidden = before

    def find(self, table: str, column: str, position: int) -> tuple[int, int, Source]:
        """Return the place of a column: of its source, in that, and the source."""
        found = [
            (self.base + place, source.columns.index(column), source)
            for place, source in enumerate(self.sources)
            if table in ("", source.alias)
            and column in source.columns
            and self.base + place not in self.hidden
        ]
        if len(found) > 1:
            message = f'column reference "{column}" is ambiguous'
            raise SqlError("42702", message, position=position)
        if found:
            found[0][2].used.add(found[0][1])
            return found[0]
        if table and any(source.alias == table for source in self.sources):
            message = f"column {table}.{column} does not exist"
            raise SqlError("42703", message, position=position)
        if self.outer is None:
            if table:
                message = f'missing FROM-clause entry for table "{table}"'
                raise SqlError("42P01", message, position=position)
            raise SqlError("42703", f'column "{column}" does not exist', position=position)
        self.reaches = True
        return self.outer.find(table, column, position)

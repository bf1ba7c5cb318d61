"""The tables of a database: their columns, keys, checks and defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from raceexplore.sim.postgres.engine.errors import SqlError
from raceexplore.sim.postgres.engine.rows import Heap

if TYPE_CHECKING:
    from collections.abc import Callable

    from raceexplore.sim.postgres.sql.values.scope import Env, Running
    from raceexplore.sim.postgres.sql.values.types import Type

    Run = Callable[[Env, Running], Any]


class Key(NamedTuple):
    """A unique key: the name of its constraint and the places of its columns."""

    name: str
    columns: tuple[int, ...]


class Foreign(NamedTuple):
    """A foreign key of ``table``: its columns point at the key ``number`` of ``target``."""

    name: str
    table: str
    columns: tuple[int, ...]
    target: str
    number: int
    on_delete: str


class Table:
    """One table as declared. The primary key, if there is one, is the first of the keys."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.columns: tuple[str, ...] = ()
        self.types: tuple[Type, ...] = ()
        self.defaults: list[Run | None] = []
        self.required: set[int] = set()
        self.generated: set[int] = set()  # GENERATED ALWAYS
        self.keys: list[Key] = []
        self.is_primary = False
        self.checks: list[tuple[str, Run]] = []
        self.foreign: list[Foreign] = []
        self.pointed: list[Foreign] = []  # foreign keys of others to this one

    def heap(self) -> Heap:
        """Return an empty heap for the table."""
        keys = [(key.name, key.columns) for key in self.keys]
        return Heap(self.name, self.columns, keys, primary=self.is_primary)

    def place(self, name: str, where: int = 0) -> int:
        """Return the place of a column. Raises 42703."""
        if name not in self.columns:
            message = f'column "{name}" of relation "{self.name}" does not exist'
            raise SqlError("42703", message, position=where)
        return self.columns.index(name)

    @property
    def key_columns(self) -> set[int]:
        """The columns that any unique key has: to change one takes the strongest row lock."""
        return {column for key in self.keys for column in key.columns}


class Catalog:
    """The tables and sequences that a schema declares; plans: of statements, by their text."""

    def __init__(self) -> None:
        self.tables: dict[str, Table] = {}
        self.sequences: dict[str, int] = {}
        self.plans: dict[str, Any] = {}
        self.rest: list[Any] = []  # statements of the schema that put rows into its tables

    def table(self, name: str, where: int = 0) -> Table:
        """Return a table. Raises 42P01."""
        if name not in self.tables:
            raise SqlError("42P01", f'relation "{name}" does not exist', position=where)
        return self.tables[name]

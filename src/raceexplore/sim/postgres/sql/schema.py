"""CREATE TABLE and its like: the tables of a database, their keys, checks and defaults."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from raceexplore.sim.postgres.engine.errors import SqlError
from raceexplore.sim.postgres.engine.rows import Heap
from raceexplore.sim.postgres.sql.parse import name_of, position, script, unmodelled
from raceexplore.sim.postgres.sql.select import Making
from raceexplore.sim.postgres.sql.values.kinds import type_named
from raceexplore.sim.postgres.sql.values.scope import Scope, Source
from raceexplore.sim.postgres.sql.values.types import SERIALS, Type

if TYPE_CHECKING:
    from collections.abc import Callable

    from raceexplore.sim.postgres.sql.values.scope import Env, Running

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


@lru_cache(maxsize=100)
def catalog_of(text: str) -> Catalog:
    """Return what the SQL script ``text`` declares. Raises `SqlError`, or `Unmodelled`."""
    catalog = Catalog()
    for tree in script(text):
        kind = type(tree).__name__
        if kind == "Create":
            _create(tree, catalog)
        elif kind == "Insert":
            catalog.rest.append(tree)
        else:
            told = tree.sql("postgres")
            _look_for_typing_errors(told, text)
            unmodelled(f"{kind.upper()} in a schema: {told[:60]}")
    return catalog


MADE = (
    " access aggregate cast collation constraint conversion database default domain event extension"
    " foreign function global group index language local materialized operator or policy procedural"
    " procedure publication recursive role rule schema sequence server statistics subscription"
    " table tablespace temp temporary text transform trigger trusted type unique unlogged user"
    " view "
)
"""What may follow CREATE, by PostgreSQL's grammar."""


def _look_for_typing_errors(told: str, text: str) -> None:
    """Raise `SqlError` if ``told``, a statement of the script ``text``, creates what is nothing."""
    words = told.split(None, 2)
    if len(words) > 1 and words[0].upper() == "CREATE" and f" {words[1].lower()} " not in MADE:
        place = text.find(words[1]) + 1
        raise SqlError("42601", f'syntax error at or near "{words[1]}"', position=place)


def _create(tree: Any, catalog: Catalog) -> None:
    kind = str(tree.args["kind"]).upper()
    if kind == "TABLE" and type(tree.this).__name__ == "Schema":
        _create_table(tree, catalog)
    elif kind == "SEQUENCE":
        catalog.sequences[name_of(tree.this)] = 1
    elif kind == "INDEX":
        _create_index(tree.this, catalog, unique=bool(tree.args.get("unique")))
    else:
        unmodelled(f"CREATE {kind}")


def _create_index(node: Any, catalog: Catalog, *, unique: bool) -> None:
    if not unique:
        return  # it makes the real server faster, and changes no answer
    table = catalog.table(name_of(node.args["table"]))
    parameters = node.args["params"]
    if parameters.args.get("where") is not None:
        unmodelled("CREATE UNIQUE INDEX ... WHERE")
    columns = tuple(table.place(name_of(part.this)) for part in parameters.args["columns"])
    table.keys.append(Key(name_of(node.this), columns))


def _create_table(tree: Any, catalog: Catalog) -> None:
    name = name_of(tree.this.this)
    if name in catalog.tables:
        if tree.args.get("exists"):
            return
        raise SqlError("42P07", f'relation "{name}" already exists', position=position(tree))
    table = Table(name)
    definitions = [part for part in tree.this.expressions if type(part).__name__ == "ColumnDef"]
    table.columns = tuple(name_of(part.this) for part in definitions)
    table.types = tuple(type_named(part.args["kind"]) for part in definitions)
    table.defaults = [None] * len(definitions)
    making = Making(catalog)
    catalog.tables[name] = table
    maker = _Maker(table, making)
    for place, part in enumerate(definitions):
        if part.args["kind"].this.name in SERIALS:
            maker.serial(place)
        for constraint in part.args.get("constraints") or ():
            maker.column(place, constraint.args["kind"], constraint.args.get("this"))
    for part in tree.this.expressions:
        if type(part).__name__ != "ColumnDef":
            maker.constraint(part, "")


class _Maker:
    """Adds constraints to a table."""

    def __init__(self, table: Table, making: Making) -> None:
        self.table, self.making = table, making

    def serial(self, place: int) -> None:
        """Give a column a sequence of its own, as SERIAL and IDENTITY do."""
        table = self.table
        sequence = f"{table.name}_{table.columns[place]}_seq"
        self.making.catalog.sequences[sequence] = 1
        table.defaults[place] = lambda _, running: running.session.next_value(sequence)
        table.required.add(place)

    def column(self, place: int, node: Any, name: Any) -> None:
        """Add the constraint ``node`` of one column."""
        kind, table = type(node).__name__, self.table
        label = name_of(name) if name is not None else ""
        if kind == "NotNullColumnConstraint":
            if not node.args.get("allow_null"):
                table.required.add(place)
        elif kind == "DefaultColumnConstraint":
            compiler = self.making.compiler(Scope())
            table.defaults[place] = compiler.expression(node.this).run
        elif kind == "PrimaryKeyColumnConstraint":
            self.key((place,), label, primary=True)
        elif kind == "UniqueColumnConstraint":
            self.key((place,), label, primary=False)
        elif kind == "CheckColumnConstraint":
            self.check(node.this, label, table.columns[place])
        elif kind == "GeneratedAsIdentityColumnConstraint":
            self.serial(place)
            if node.this:
                table.generated.add(place)
        elif kind == "Reference":
            self.foreign((place,), node, label)
        else:
            unmodelled(node.sql("postgres"))

    def constraint(self, node: Any, label: str) -> None:
        """Add the constraint ``node`` of the table."""
        kind, table = type(node).__name__, self.table
        if kind == "Constraint":
            for part in node.expressions:
                self.constraint(part, name_of(node.this))
        elif kind == "PrimaryKey":
            places = tuple(table.place(name_of(part), position(part)) for part in node.expressions)
            self.key(places, label, primary=True)
        elif kind == "UniqueColumnConstraint":
            parts = node.this.expressions
            places = tuple(table.place(name_of(part), position(part)) for part in parts)
            self.key(places, label, primary=False)
        elif kind == "CheckColumnConstraint":
            names = list(dict.fromkeys(name_of(c) for c in node.find_all(type(column_node()))))
            self.check(node.this, label, names[0] if len(names) == 1 else "")
        elif kind == "ForeignKey":
            places = tuple(table.place(name_of(part), position(part)) for part in node.expressions)
            self.foreign(places, node.args["reference"], label)
        else:
            unmodelled(node.sql("postgres"))

    def key(self, places: tuple[int, ...], label: str, *, primary: bool) -> None:
        """Add a unique key."""
        table = self.table
        words = [table.name, *([] if primary else [table.columns[place] for place in places])]
        name = label or "_".join([*words, "pkey" if primary else "key"])
        if primary:
            table.keys.insert(0, Key(name, places))
            table.is_primary = True
            table.required |= set(places)
        else:
            table.keys.append(Key(name, places))

    def check(self, node: Any, label: str, column: str) -> None:
        """Add a CHECK."""
        table, scope = self.table, Scope()
        scope.add(Source(table.name, table.columns, table.types, table.name, set()))
        condition = self.making.compiler(scope).condition(node)
        taken = {name for name, _ in table.checks}
        first = "_".join(word for word in (table.name, column, "check") if word)
        name, number = label or first, 0
        while name in taken:
            number += 1
            name = f"{first}{number}"
        table.checks.append((name, condition))

    def foreign(self, places: tuple[int, ...], node: Any, label: str) -> None:
        """Add a foreign key."""
        table, target = self.table, node.this
        options = " ".join(str(option) for option in node.args.get("options") or ()).upper()
        if "DEFERRABLE" in options or "ON UPDATE CASCADE" in options:
            unmodelled(f"REFERENCES ... {options}")
        pointed = self.making.catalog.table(name_of(target), position(target))
        names = target.expressions if type(target).__name__ == "Schema" else []
        wanted = tuple(pointed.place(name_of(part), position(part)) for part in names)
        keys = [key.columns for key in pointed.keys]
        if not names:
            wanted = keys[0] if pointed.is_primary else ()
        if wanted not in keys:
            message = (
                f'there is no unique constraint matching given keys for table "{pointed.name}"'
            )
            raise SqlError("42830", message)
        columns = "_".join(table.columns[place] for place in places)
        name = label or f"{table.name}_{columns}_fkey"
        action = next((a for a in ("CASCADE", "SET NULL") if f"ON DELETE {a}" in options), "")
        foreign = Foreign(name, table.name, places, pointed.name, keys.index(wanted), action)
        table.foreign.append(foreign)
        pointed.pointed.append(foreign)


def column_node() -> Any:
    """Return a node of the class that stands for columns."""
    from raceexplore.sim.postgres.sql.parse import library

    return library().exp.Column()

"""CREATE TABLE and its like: from the text of a schema to its tables and their constraints."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from raceexplore.sim.postgres.engine.errors import SqlError
from raceexplore.sim.postgres.sql.parse import name_of, position, script, unmodelled
from raceexplore.sim.postgres.sql.select import Making
from raceexplore.sim.postgres.sql.strict import understood
from raceexplore.sim.postgres.sql.tables import Catalog, Foreign, Key, Table
from raceexplore.sim.postgres.sql.values.kinds import type_named
from raceexplore.sim.postgres.sql.values.scope import Scope, Source
from raceexplore.sim.postgres.sql.values.types import SERIALS


@lru_cache(maxsize=100)
def catalog_of(text: str) -> Catalog:
    """Return what the SQL script ``text`` declares. Raises `SqlError`, or `Unmodelled`."""
    catalog = Catalog()
    for tree in script(text):
        kind = type(tree).__name__
        if kind == "Create":
            _create(understood(tree), catalog)
        elif kind == "Insert":
            catalog.rest.append(understood(tree))
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
    clause = tree.args.get("properties")
    properties = clause.expressions if clause is not None else []
    if properties and kind != "SEQUENCE":
        unmodelled(f"CREATE {kind} ... {properties[0].sql('postgres')}")
    if kind == "TABLE" and type(tree.this).__name__ == "Schema":
        _create_table(tree, catalog)
    elif kind == "SEQUENCE":
        catalog.sequences[name_of(tree.this)] = _start(properties)
    elif kind == "INDEX":
        _create_index(tree.this, catalog, unique=bool(tree.args.get("unique")))
    else:
        unmodelled(f"CREATE {kind}")


def _start(properties: list[Any]) -> int:
    """Return the first value of a sequence."""
    for each in properties:
        if int(str(each.args.get("increment") or "1")) != 1:
            unmodelled(f"CREATE SEQUENCE ... {each.sql('postgres')}")
    return next((int(str(p.args["start"])) for p in properties if p.args.get("start")), 1)


def _create_index(node: Any, catalog: Catalog, *, unique: bool) -> None:
    if not unique:
        return  # it makes the real server faster, and changes no answer
    table = catalog.table(name_of(node.args["table"]))
    parameters = node.args["params"]
    if parameters.args.get("where") is not None:
        unmodelled("CREATE UNIQUE INDEX ... WHERE")
    parts = [part.this for part in parameters.args["columns"]]
    for part in parts:
        if type(part).__name__ != "Column":
            unmodelled(f"CREATE UNIQUE INDEX ... ({part.sql('postgres')})")
    columns = tuple(table.place(name_of(part)) for part in parts)
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
    maker = Maker(table, making)
    for place, part in enumerate(definitions):
        if part.args["kind"].this.name in SERIALS:
            maker.serial(place)
    maker.constraints(tree.this.expressions, definitions)


OPTIONS = re.compile(
    "ON DELETE (CASCADE|SET NULL|NO ACTION|RESTRICT)|ON UPDATE (NO ACTION|RESTRICT)|MATCH SIMPLE"
    "|NOT DEFERRABLE|INITIALLY IMMEDIATE"
)
"""What a foreign key may say. RESTRICT differs from NO ACTION for deferred checks only."""


class Maker:
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

    def constraints(self, parts: list[Any], definitions: list[Any]) -> None:
        """Add all constraints; foreign keys at last: they may point at the table's own keys."""
        of_columns = [
            (type(each.args["kind"]).__name__ == "Reference", place, each)
            for place, part in enumerate(definitions)
            for each in part.args.get("constraints") or ()
        ]
        for wanted in (False, True):
            for points, place, each in of_columns:
                if points is wanted:
                    self.column(place, each.args["kind"], each.args.get("this"))
            for part in parts:
                if type(part).__name__ != "ColumnDef" and _points(part) is wanted:
                    self.constraint(part, "")

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
        if set(OPTIONS.sub("", options).split()):
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


def _points(node: Any) -> bool:
    """Return whether a constraint of a table is a foreign key."""
    inner = node.expressions if type(node).__name__ == "Constraint" else [node]
    return any(type(part).__name__ == "ForeignKey" for part in inner)


def column_node() -> Any:
    """Return a node of the class that stands for columns."""
    from raceexplore.sim.postgres.sql.parse import library

    return library().exp.Column()

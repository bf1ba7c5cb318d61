"""Where the rows of a query come from: tables, by a key or by a scan, joined in nested loops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from raceexplore.sim.postgres.engine.errors import SqlError
from raceexplore.sim.postgres.engine.transactions import Isolation
from raceexplore.sim.postgres.sql.parse import name_of, position, unmodelled
from raceexplore.sim.postgres.sql.values.operators import adapted
from raceexplore.sim.postgres.sql.values.scope import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from raceexplore.sim.postgres.engine.rows import Heap, Index, Row, Values
    from raceexplore.sim.postgres.sql.schema import Catalog
    from raceexplore.sim.postgres.sql.select import Making
    from raceexplore.sim.postgres.sql.values.compiler import Compiler
    from raceexplore.sim.postgres.sql.values.scope import Env, Running

    Run = Callable[[Env, Running], Any]
    Found = tuple[Row | None, tuple[Any, ...]]


class Lookup(NamedTuple):
    """A unique key that the query gives in full: the number of the index, and its values."""

    number: int
    values: tuple[Run, ...]


class Input:
    """One source of a query.

    lookup: the key to look for; None: scan. on: the condition of the join; None: none. outer: keeps
    a row on the left that finds no partner. rows: gives the rows of what is no table.
    """

    __slots__ = ("lookup", "on", "outer", "rows", "source")

    def __init__(self, source: Source, rows: Callable[[Running], list[Any]] | None) -> None:
        self.source, self.rows = source, rows
        self.lookup: Lookup | None = None
        self.on: Run | None = None
        self.outer = False

    def find(self, env: Env, running: Running) -> Iterator[Found]:
        """Yield the rows that may match, as the statement's snapshot sees them."""
        if self.rows is not None:
            yield from ((None, values) for values in self.rows(running))
            return
        heap = running.database.heaps[self.source.table]
        if self.lookup is None:
            _note_scan(heap, running)
            for row, version in heap.scan(running.snapshot):
                assert version.values is not None
                yield row, version.values
            return
        key = tuple([value(env, running) for value in self.lookup.values])
        yield from _by_key(heap, self.lookup.number, key, self.source, running)

    def joined(self, env: Env, running: Running) -> Iterator[tuple[Row | None, Env]]:
        """Yield ``env`` with each row that goes with it."""
        on, found = self.on, False
        for row, values in self.find(env, running):
            longer = (*env, values)
            if on is None or on(longer, running) is True:
                found = True
                yield row, longer
        if self.outer and not found:
            yield None, (*env, (None,) * len(self.source.columns))


def _note_scan(heap: Heap, running: Running) -> None:
    database, transaction = running.database, running.snapshot.transaction
    if database.telling.is_on:
        database.telling.scan(heap)
    if transaction.isolation is Isolation.SERIALIZABLE:
        database.serializability.read(transaction, heap)
        for row in heap.rows:
            database.serializability.look(transaction, row)


def _by_key(
    heap: Heap, number: int, key: tuple[Any, ...], source: Source, running: Running
) -> Iterator[Found]:
    index, snapshot, database = heap.indexes[number], running.snapshot, running.database
    found: tuple[Row, Values] | None = None
    for row in index.find(key):
        version = row.seen(snapshot)
        values = None if version is None else version.values
        if values is not None and index.key(values) == key:
            found = row, values
    if database.telling.is_on:
        if found is not None:
            database.telling.read(heap, found[0], sorted(source.used))
        elif index is heap.primary:
            database.telling.absent(heap, heap.key_name(index, key))
        else:
            database.telling.scan(heap)
    if snapshot.transaction.isolation is Isolation.SERIALIZABLE:
        _note_look(index, key, found and found[0], running)
    if found is not None:
        yield found


def _note_look(index: Index, key: tuple[Any, ...], row: Row | None, running: Running) -> None:
    """Note what a serializable transaction has read in finding ``row`` by its key, or nothing."""
    serializability, transaction = running.database.serializability, running.snapshot.transaction
    serializability.read(transaction, index)
    for other in index.find(key):
        serializability.look(transaction, other)
    if row is not None:
        serializability.read(transaction, row)


def join(inputs: list[Input], env: Env, running: Running) -> list[tuple[Env, list[Row | None]]]:
    """Return every combination of rows, with the rows themselves."""
    found: list[tuple[Env, list[Row | None]]] = [(env, [])]
    for each in inputs:
        found = [
            (longer, [*rows, row])
            for shorter, rows in found
            for row, longer in each.joined(shorter, running)
        ]
    return found


def add_table(node: Any, compiler: Compiler, making: Making) -> Input:
    """Return the source that ``node`` of a FROM clause names, and add it to the scope."""
    kind = type(node).__name__
    if kind == "Subquery":
        sub = compiler.sub(node.this, None)
        source = Source(name_of(node.args.get("alias")), sub.names, sub.types, "", set())
        compiler.scope.add(source, position(node))
        return Input(source, lambda running: sub.values((), running))
    if kind != "Table" or type(node.this).__name__ != "Identifier" or node.args.get("sample"):
        unmodelled(f"FROM {node.sql('postgres')}")
    name = name_of(node.this)
    alias = name_of(node.args.get("alias")) or name
    view = making.views.get(name)
    if view is not None:
        source = Source(alias, view.names, view.types, "", set())
        compiler.scope.add(source, position(node))
        return Input(source, lambda running: list(running.memo[view]))
    table = making.catalog.table(name, position(node))
    source = Source(alias, table.columns, table.types, name, set())
    compiler.scope.add(source, position(node))
    return Input(source, None)


def add_joins(tree: Any, inputs: list[Input], compiler: Compiler, making: Making) -> None:
    """Add the sources of JOIN clauses to ``inputs``."""
    for node in tree.args.get("joins") or ():
        side, kind = str(node.args.get("side") or ""), str(node.args.get("kind") or "")
        if side not in {"", "LEFT"} or kind not in {"", "INNER", "OUTER", "CROSS"}:
            unmodelled(f"{side} {kind} JOIN".strip())
        each = add_table(node.this, compiler, making)
        each.outer = side == "LEFT"
        condition, using = node.args.get("on"), node.args.get("using")
        if using:
            unmodelled("JOIN ... USING")
        if condition is not None:
            each.on = compiler.condition(condition)
            each.lookup = find_lookup(condition, compiler, len(inputs), making.catalog)
        inputs.append(each)


def conjuncts(node: Any) -> list[Any]:
    """Return the conditions that AND joins in ``node``."""
    kind = type(node).__name__
    if kind == "Paren":
        return conjuncts(node.this)
    if kind == "And":
        return [*conjuncts(node.this), *conjuncts(node.expression)]
    return [node]


def find_lookup(node: Any, compiler: Compiler, place: int, catalog: Catalog) -> Lookup | None:
    """Return the unique key of source ``place`` that ``node`` fixes by what comes before it."""
    scope = compiler.scope
    source = scope.sources[place]
    if not source.table:
        return None
    fixed: dict[int, Run] = {}
    equations = [part for part in conjuncts(node) if type(part).__name__ == "EQ"]
    sides = [(part.this, part.expression) for part in equations]
    for this, other in [*sides, *[(right, left) for left, right in sides]]:
        column = _column_of(this, source, scope.sources)
        if column is not None and type(other).__name__ not in {"Any", "Subquery"}:
            value = _before(other, compiler, place)
            if value is not None:
                fixed.setdefault(column, adapted(value, source.types[column]))
    for number, key in enumerate(catalog.tables[source.table].keys):
        if all(column in fixed for column in key.columns):
            return Lookup(number, tuple(fixed[column] for column in key.columns))
    return None


def _column_of(node: Any, source: Source, sources: list[Source]) -> int | None:
    if type(node).__name__ != "Column" or type(node.this).__name__ == "Star":
        return None
    name, table = name_of(node.this), name_of(node.args.get("table"))
    if name not in source.columns or table not in {"", source.alias}:
        return None
    if not table and sum(name in other.columns for other in sources) > 1:
        return None
    return source.columns.index(name)


def _before(node: Any, compiler: Compiler, place: int) -> Any:
    """Return ``node`` compiled if it needs no source from ``place`` on, else None."""
    scope = compiler.scope
    everything, scope.sources = scope.sources, scope.sources[:place]
    try:
        return compiler.expression(node)
    except SqlError:
        return None
    finally:
        scope.sources = everything

"""Where the rows of a query come from: tables, by a key or by a scan, joined in nested loops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raceexplore.sim.postgres.engine.transactions import Isolation
from raceexplore.sim.postgres.sql.lookups import Lookup, find_lookup
from raceexplore.sim.postgres.sql.parse import name_of, position, unmodelled
from raceexplore.sim.postgres.sql.values.scope import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from raceexplore.sim.postgres.engine.rows import Heap, Index, Row, Values
    from raceexplore.sim.postgres.engine.transactions import Snapshot
    from raceexplore.sim.postgres.sql.select import Making
    from raceexplore.sim.postgres.sql.tables import Catalog
    from raceexplore.sim.postgres.sql.values.compiler import Compiler
    from raceexplore.sim.postgres.sql.values.scope import Env, Running

    Run = Callable[[Env, Running], Any]
    Found = tuple[Row | None, tuple[Any, ...]]


class Input:
    """One source of a query, at ``place`` among the others.

    lookup: the keys to look for; None: scan. on: the condition of the join; None: none. condition:
    the same as a tree. filters: the conditions that can be looked at once the row is there. outer:
    keeps a row on the left that finds no partner. rows: gives the rows of what is no table.
    """

    __slots__ = ("condition", "filters", "lookup", "on", "outer", "place", "rows", "source")

    def __init__(
        self, source: Source, place: int, rows: Callable[[Running], list[Any]] | None
    ) -> None:
        self.source, self.place, self.rows = source, place, rows
        self.lookup: Lookup | None = None
        self.on: Run | None = None
        self.condition: Any = None
        self.filters: list[Run] = []
        self.outer = False

    def find(self, env: Env, running: Running) -> Iterator[Found]:
        """Yield the rows that may match, as the statement's snapshot sees them."""
        if self.rows is not None:
            yield from ((None, values) for values in self.rows(running))
            return
        heap, lookup = running.database.heaps[self.source.table], self.lookup
        if lookup is None:
            note_scan(heap, running)
            for row, version in heap.scan(running.snapshot):
                assert version.values is not None
                yield row, version.values
        elif lookup.keys is None:
            yield from self._within(heap, lookup, env, running)
        else:
            for key in dict.fromkeys(lookup.keys(env, running)):
                yield from _by_key(heap.indexes[lookup.number], key, heap, self.source, running)

    def _within(self, heap: Heap, lookup: Lookup, env: Env, running: Running) -> Iterator[Found]:
        within, serializable = lookup.within, is_serializable(running)
        assert within is not None
        if running.database.telling.is_on:
            running.database.telling.scan(heap)
        if serializable:
            note_look(heap.indexes[lookup.number], (), (), running)
        for row, version in heap.scan(running.snapshot):
            assert version.values is not None
            if within(self.put(env, version.values), running) is True:
                if serializable:
                    note_look(heap.indexes[lookup.number], (row,), (row,), running)
                yield row, version.values

    def put(self, env: Env, values: tuple[Any, ...]) -> Env:
        """Return ``env`` with the values of a row of this source."""
        place = self.place
        return (*env[:place], values, *env[place + 1 :])

    def joined(self, env: Env, running: Running) -> Iterator[tuple[Row | None, Env]]:
        """Yield ``env`` with each row that goes with it."""
        filters, found = self.filters, False
        for row, values in self.find(env, running):
            longer = self.put(env, values)
            if all(holds(longer, running) is True for holds in filters):
                found = True
                yield row, longer
        if self.outer and not found:
            yield None, self.put(env, (None,) * len(self.source.columns))


def is_serializable(running: Running) -> bool:
    """Return whether the statement belongs to a serializable transaction."""
    return running.snapshot.transaction.isolation is Isolation.SERIALIZABLE


def note_scan(heap: Heap, running: Running, snapshot: Snapshot | None = None) -> None:
    """Note that the whole table is read; snapshot: if it is not the statement's."""
    database, transaction = running.database, running.snapshot.transaction
    sequence = (snapshot or running.snapshot).sequence
    if database.telling.is_on:
        database.telling.scan(heap)
    if transaction.isolation is Isolation.SERIALIZABLE:
        database.serializability.read(transaction, heap)
        for row in heap.rows:
            database.serializability.look(transaction, row, sequence)


def _by_key(
    index: Index, key: tuple[Any, ...], heap: Heap, source: Source, running: Running
) -> Iterator[Found]:
    snapshot, telling = running.snapshot, running.database.telling
    found: list[tuple[Row, Values]] = []
    for row in index.find(key):
        version = row.seen(snapshot)
        values = None if version is None else version.values
        if values is not None and index.key(values) == key:
            found.append((row, values))
    if telling.is_on:
        if not found and index is heap.primary:
            telling.absent(heap, heap.key_name(index, key))
        elif not found or None in key:
            telling.scan(heap)
        for row, values in found:
            telling.read(heap, row, values, sorted(source.used))
    if is_serializable(running):
        note_look(index, index.find(key), [row for row, _ in found], running)
    yield from found


def note_look(index: Index, passed: Iterable[Row], found: Iterable[Row], running: Running) -> None:
    """Note what a serializable transaction has read: an index, rows in passing, rows it wants."""
    serializability, transaction = running.database.serializability, running.snapshot.transaction
    serializability.read(transaction, index)
    for row in passed:
        serializability.look(transaction, row, running.snapshot.sequence)
    for row in found:
        serializability.read(transaction, row)


def join(inputs: list[Input], env: Env, running: Running) -> list[tuple[Env, list[Row | None]]]:
    """Return every combination of rows, with the rows themselves by the place of their source.

    ``inputs`` are in the order in which to look; ``env`` ends where the first source begins.
    """
    width, base = len(inputs), len(env)
    found: list[tuple[Env, list[Row | None]]] = [((*env, *(None,) * width), [None] * width)]
    for each in inputs:
        longer: list[tuple[Env, list[Row | None]]] = []
        for shorter, rows in found:
            for row, filled in each.joined(shorter, running):
                copy = [*rows]
                copy[each.place - base] = row
                longer.append((filled, copy))
        found = longer
    return found


def in_order(inputs: list[Input], where: Any, compiler: Compiler, catalog: Catalog) -> list[Input]:
    """Return ``inputs`` in the order in which to look: what a key fixes first, else as written.

    An outer join keeps the order as written. Sets how each source is looked through.
    """
    if any(each.outer for each in inputs):
        for number, each in enumerate(inputs):
            known = {other.place for other in inputs[:number]}
            parts = [each.condition] if each.outer else [where, each.condition]
            each.lookup = _lookup(parts, compiler, each.source, known, catalog)
            each.filters = [] if each.on is None else [each.on]
        return inputs
    parts = [where, *(each.condition for each in inputs)]
    left, found = list(inputs), list[Input]()
    while left:
        known, best = {each.place for each in found}, left[0]
        for each in left:
            each.lookup = _lookup(parts, compiler, each.source, known, catalog)
            if each.lookup is not None:
                best = each
                break
        left.remove(best)
        found.append(best)
    _place_filters(inputs, found)
    return found


def _lookup(
    parts: list[Any], compiler: Compiler, source: Source, known: set[int], catalog: Catalog
) -> Lookup | None:
    """Return the first way in which one of the conditions ``parts`` finds rows by a key."""
    given = [part for part in parts if part is not None]
    found = (find_lookup(part, compiler, source, known, catalog) for part in given)
    return next((lookup for lookup in found if lookup is not None), None)


def _place_filters(inputs: list[Input], order: list[Input]) -> None:
    """Let each condition be looked at once all is there that it may name.

    That of a join may name its own source and those written before it.
    """
    for number, each in enumerate(inputs):
        if each.on is not None:
            last = max(order.index(other) for other in inputs[: number + 1])
            order[last].filters.append(each.on)


def add_table(node: Any, compiler: Compiler, making: Making) -> Input:
    """Return the source that ``node`` of a FROM clause names, and add it to the scope."""
    kind = type(node).__name__
    if kind == "Subquery":
        sub = compiler.sub(node.this, None)
        source = Source(name_of(node.args.get("alias")), sub.names, sub.types, "", set())
        place = compiler.scope.add(source, position(node))
        return Input(source, place, lambda running: sub.values((), running))
    if kind != "Table" or type(node.this).__name__ != "Identifier" or node.args.get("sample"):
        unmodelled(f"FROM {node.sql('postgres')}")
    name = name_of(node.this)
    alias = name_of(node.args.get("alias")) or name
    view = making.views.get(name)
    if view is not None:
        source = Source(alias, view.names, view.types, "", set())
        place = compiler.scope.add(source, position(node))
        return Input(source, place, lambda running: list(running.memo[view]))
    table = making.catalog.table(name, position(node))
    source = Source(alias, table.columns, table.types, name, set())
    return Input(source, compiler.scope.add(source, position(node)), None)


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
            each.on, each.condition = compiler.condition(condition), condition
        inputs.append(each)

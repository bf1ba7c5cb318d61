"""INSERT, and what it does where a key is taken: ON CONFLICT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raceexplore.sim.postgres.engine import changes
from raceexplore.sim.postgres.engine.errors import SqlError, serialization_failure
from raceexplore.sim.postgres.engine.modes import Mode
from raceexplore.sim.postgres.sql.locking import Result, lock_newest
from raceexplore.sim.postgres.sql.parse import name_of, position, unmodelled
from raceexplore.sim.postgres.sql.values.scope import Scope, Source
from raceexplore.sim.postgres.sql.values.types import store
from raceexplore.sim.postgres.sql.writes import (
    Changing,
    assigned,
    assignments,
    default,
    replace,
    value_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from raceexplore.sim.postgres.engine.rows import Row, Values
    from raceexplore.sim.postgres.sql.foreign_keys import Change
    from raceexplore.sim.postgres.sql.select import Making
    from raceexplore.sim.postgres.sql.values.compiler import Compiler
    from raceexplore.sim.postgres.sql.values.scope import Env, Running

    Run = Callable[[Env, Running], Any]


class Insert(Changing):
    """A compiled INSERT."""

    tag = "INSERT"

    def __init__(self, tree: Any, making: Making) -> None:
        super().__init__(tree, making)
        table = self.table
        names = tree.this.expressions if type(tree.this).__name__ == "Schema" else None
        self.places = (
            list(range(len(table.columns)))
            if names is None
            else [table.place(name_of(part), position(part)) for part in names]
        )
        self.rows: list[list[Run | None]] = []
        self.query: Any = None
        self._add_values(tree, making)
        self.conflict = tree.args.get("conflict")
        self.arbiters: list[int] = []
        self.sets: list[tuple[int, Run | None]] | None = None
        self.only: Run | None = None
        if self.conflict is not None:
            self._add_conflict(self.conflict)
        self.add_returning(tree)

    def _add_values(self, tree: Any, making: Making) -> None:
        body = tree.args.get("expression")
        if body is None:
            self.places, self.rows = [], [[]]
        elif type(body).__name__ == "Values":
            compiler = making.compiler(Scope())
            named = type(tree.this).__name__ == "Schema"
            self.rows = [self._row(node, compiler, named=named) for node in body.expressions]
        else:
            self.query = making.select(body, None)

    def _row(self, node: Any, compiler: Compiler, *, named: bool) -> list[Run | None]:
        parts, places = node.expressions, self.places
        if len(parts) > len(places):
            message = "INSERT has more expressions than target columns"
            raise SqlError("42601", message, position=position(parts[len(places)]))
        if len(parts) < len(places) and named:
            message = "INSERT has more target columns than expressions"
            raise SqlError("42601", message, position=position(node))
        pairs = zip(parts, places, strict=False)
        return [value_of(part, self.table, place, compiler) for part, place in pairs]

    def _add_conflict(self, node: Any) -> None:
        table = self.table
        keys = node.args.get("conflict_keys") or []
        constraint = node.args.get("constraint")
        if constraint is not None:
            name = name_of(constraint)
            self.arbiters = [n for n, key in enumerate(table.keys) if key.name == name]
            if not self.arbiters:
                message = f'constraint "{name}" for table "{table.name}" does not exist'
                raise SqlError("42704", message)
        elif keys:
            for part in keys:
                if type(part.this).__name__ not in {"Column", "Identifier"}:
                    unmodelled(f"ON CONFLICT ({part.sql('postgres')})")
            wanted = {table.place(name_of(part.this), position(part)) for part in keys}
            self.arbiters = [n for n, key in enumerate(table.keys) if set(key.columns) == wanted]
            if not self.arbiters:
                message = (
                    "there is no unique or exclusion constraint matching the ON CONFLICT"
                    " specification"
                )
                raise SqlError("42P10", message)
        else:
            self.arbiters = list(range(len(table.keys)))
        if str(node.args["action"].this).upper() == "DO UPDATE":
            self.scope.add(Source("excluded", table.columns, table.types, "", set()))
            self.sets = assignments(node.expressions, table, self.compiler)
            where = node.args.get("where")
            self.only = None if where is None else self.compiler.condition(where.this)
            self.scope.sources.pop()  # RETURNING does not know what was excluded

    async def run(self, running: Running) -> Result:
        """Insert the rows."""
        done: list[Change] = []
        envs: list[Env] = []
        for values in self._values(running):
            self.check(values, running)
            change = await self._add(values, running)
            if change is not None:
                done.append(change)
                envs.append((change[2], values))
        return await self.finish(done, envs, running)

    def _values(self, running: Running) -> list[Values]:
        table, width = self.table, len(self.table.columns)
        if self.query is not None:
            rows = self.query.values((), running)
            if rows and len(rows[0]) > len(self.places):
                raise SqlError("42601", "INSERT has more expressions than target columns")
            found = [dict(zip(self.places, row, strict=False)) for row in rows]
            given = [
                {place: store(value, table.types[place]) for place, value in row.items()}
                for row in found
            ]
        else:
            given = [
                {
                    place: run((), running)
                    for place, run in zip(self.places, row, strict=False)
                    if run is not None
                }
                for row in self.rows
            ]
        for row in given:
            for place in sorted(self.table.generated & row.keys()):
                column = table.columns[place]
                message = f'cannot insert a non-DEFAULT value into column "{column}"'
                raise SqlError("428C9", message)
        return [
            tuple([row[p] if p in row else default(table, p, running) for p in range(width)])
            for row in given
        ]

    async def _add(self, values: Values, running: Running) -> Change | None:
        """Insert one row, or do what ON CONFLICT says; None: nothing."""
        database, transaction = running.database, running.snapshot.transaction
        heap = database.heaps[self.table.name]
        while self.conflict is not None:
            other = await self._in_the_way(values, running)
            if other is None:
                break
            if self.sets is None:
                by = other.versions[-1].by
                unseen = by is not None and by.committed_at > running.snapshot.sequence
                if transaction.lasting and unseen and by is not transaction:
                    raise serialization_failure("update")
                return None
            settled, change = await self._update(other, values, running)
            if settled:
                return change
        row = await changes.insert(database, transaction, heap, values)
        return row, None, values

    async def _in_the_way(self, values: Values, running: Running) -> Row | None:
        database, transaction = running.database, running.snapshot.transaction
        heap = database.heaps[self.table.name]
        for number in self.arbiters:
            index = heap.indexes[number]
            row = await changes.find_duplicate(database, transaction, heap, index, values)
            if row is not None:
                return row
        return None

    async def _update(
        self, row: Row, values: Values, running: Running
    ) -> tuple[bool, Change | None]:
        """Update the row that is in the way; return whether that is settled, and what was done."""
        assert self.sets is not None
        before = row.versions[-1]
        keys = self.table.key_columns & {place for place, _ in self.sets}
        mode = Mode.UPDATE if keys else Mode.NO_KEY_UPDATE
        old = await lock_newest(row, mode, "wait", running)
        last = row.versions[-1]
        if old is None or last is not before:
            return False, None  # it has changed meanwhile: is it still in the way?
        if last.by is running.snapshot.transaction and last.command == running.snapshot.command:
            message = "ON CONFLICT DO UPDATE command cannot affect row a second time"
            raise SqlError("21000", message)
        env = (old, values)
        if self.only is not None and self.only(env, running) is not True:
            return True, None
        new = assigned(self.sets, old, self.table, env, running)
        await replace(self, row, old, new, running)
        return True, (row, old, new)

"""UPDATE and DELETE, and what every change of a row has in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raceexplore.sim.postgres.engine import changes
from raceexplore.sim.postgres.engine.errors import SqlError
from raceexplore.sim.postgres.engine.modes import Mode
from raceexplore.sim.postgres.sql import foreign_keys
from raceexplore.sim.postgres.sql.columns import output
from raceexplore.sim.postgres.sql.locking import Result, lock_newest
from raceexplore.sim.postgres.sql.parse import name_of, position, unmodelled
from raceexplore.sim.postgres.sql.sources import Input, add_table, in_order, is_serializable, join
from raceexplore.sim.postgres.sql.values.operators import adapted
from raceexplore.sim.postgres.sql.values.scope import Expression, Scope, Source
from raceexplore.sim.postgres.sql.values.types import Type, as_text, store

if TYPE_CHECKING:
    from collections.abc import Callable

    from raceexplore.sim.postgres.engine.rows import Row, Values
    from raceexplore.sim.postgres.sql.foreign_keys import Change
    from raceexplore.sim.postgres.sql.select import Making
    from raceexplore.sim.postgres.sql.tables import Table
    from raceexplore.sim.postgres.sql.values.compiler import Compiler
    from raceexplore.sim.postgres.sql.values.scope import Env, Running

    Run = Callable[[Env, Running], Any]


class Changing:
    """A statement that changes rows of one table.

    names and types: of the columns of RETURNING; empty if there is none.
    """

    tag = ""

    def __init__(self, tree: Any, making: Making) -> None:
        self.making, self.scope = making, Scope()
        self.compiler: Compiler = making.compiler(self.scope)
        node = tree.this.this if type(tree.this).__name__ == "Schema" else tree.this
        name = name_of(node.this)
        self.table: Table = making.catalog.table(name, position(node))
        alias = name_of(node.args.get("alias")) or name
        self.source = Source(alias, self.table.columns, self.table.types, name, set())
        self.inputs = [Input(self.source, self.scope.add(self.source), None)]
        self.where: Run | None = None
        self.columns: list[Expression] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns of RETURNING."""
        return tuple(column.name for column in self.columns or ())

    @property
    def types(self) -> tuple[Type, ...]:
        """The types of the columns of RETURNING."""
        return tuple(column.kind for column in self.columns or ())

    def add_sources(self, nodes: list[Any]) -> None:
        """Add what FROM or USING names."""
        for node in nodes:
            if node.args.get("joins"):
                unmodelled("JOIN in UPDATE ... FROM or DELETE ... USING")
            self.inputs.append(add_table(node, self.compiler, self.making))

    def add_condition(self, tree: Any) -> None:
        """Add WHERE."""
        where = tree.args.get("where")
        if where is not None:
            self.where = self.compiler.condition(where.this)
            catalog = self.making.catalog
            self.inputs = in_order(self.inputs, where.this, self.compiler, catalog)

    def add_returning(self, tree: Any) -> None:
        """Add RETURNING."""
        returning = tree.args.get("returning")
        if returning is not None:
            nodes = returning.expressions
            self.columns = [column for node in nodes for column in output(node, self.compiler)]

    def matches(self, running: Running) -> list[tuple[Env, Row]]:
        """Return the rows to change, each once, with what goes with them."""
        found: dict[Row, Env] = {}
        for env, rows in join(self.inputs, (), running):
            row = rows[0]
            assert row is not None
            if row not in found and (self.where is None or self.where(env, running) is True):
                found[row] = env
        return [(env, row) for row, env in found.items()]

    async def claim(
        self, match: tuple[Env, Row], modes: tuple[Mode, Mode], running: Running
    ) -> Env | None:
        """Lock a row to change; return it and what goes with it as they are now.

        None: it is gone, or matches no more. modes: how to lock it, and how if it turns out that
        another transaction has changed it.
        """
        env, row = match
        fresh = await lock_newest(row, modes[0], "wait", running)
        if fresh is None:
            return None
        if fresh is not env[0]:
            if await lock_newest(row, modes[1], "wait", running) is None:
                return None
            env = (fresh, *env[1:])
            if self.where is not None and self.where(env, running) is not True:
                return None
        own, command = running.snapshot.transaction, running.snapshot.command
        last = row.versions[-1]
        return None if last.by is own and last.command == command else env

    def check(self, values: Values, running: Running) -> None:
        """Raise 23502 or 23514 if a row with ``values`` may not be."""
        table = self.table
        for place in sorted(table.required):
            if values[place] is None:
                column = table.columns[place]
                message = (
                    f'null value in column "{column}" of relation "{table.name}" violates not-null'
                    " constraint"
                )
                raise SqlError("23502", message, table=table.name, detail=_failing(values))
        for name, condition in table.checks:
            if condition((values,), running) is False:
                message = f'new row for relation "{table.name}" violates check constraint "{name}"'
                detail = _failing(values)
                raise SqlError("23514", message, table=table.name, constraint=name, detail=detail)

    async def finish(self, done: list[Change], envs: list[Env], running: Running) -> Result:
        """Check foreign keys and answer: the rows of RETURNING, and how many were changed."""
        await foreign_keys.check(self.making.catalog, self.table, done, running)
        columns = self.columns
        if columns is None:
            return Result(None, len(done), self.tag)
        rows = [tuple([column.run(env, running) for column in columns]) for env in envs]
        return Result(rows, len(done), self.tag)


def _failing(values: Values) -> str:
    """Return the server's words for a row that may not be."""
    told = ["null" if value is None else as_text(value) for value in values]
    return f"Failing row contains ({', '.join(told)})."


class Update(Changing):
    """A compiled UPDATE."""

    tag = "UPDATE"

    def __init__(self, tree: Any, making: Making) -> None:
        super().__init__(tree, making)
        source = tree.args.get("from_") or tree.args.get("from")
        self.add_sources([source.this] if source is not None else [])
        self.add_condition(tree)
        self.sets = assignments(tree.expressions, self.table, self.compiler)
        self.add_returning(tree)
        keys = self.table.key_columns & {place for place, _ in self.sets}
        self.set_mode = Mode.UPDATE if keys else Mode.NO_KEY_UPDATE

    async def run(self, running: Running) -> Result:
        """Change the rows that match."""
        done: list[Change] = []
        envs: list[Env] = []
        for match in self.matches(running):
            mode = self._mode(match[0], running)
            env = await self.claim(match, (mode, self.set_mode), running)
            if env is not None:
                row, old = match[1], env[0]
                new = assigned(self.sets, old, self.table, env, running)
                await replace(self, row, old, new, running)
                done.append((row, old, new))
                envs.append((new, *env[1:]))
        return await self.finish(done, envs, running)

    def _mode(self, env: Env, running: Running) -> Mode:
        """Return how the row has to be locked, which depends on whether a key of it changes."""
        if self.set_mode is Mode.NO_KEY_UPDATE:
            return self.set_mode
        new = assigned(self.sets, env[0], self.table, env, running)
        moved = any(new[place] != env[0][place] for place in self.table.key_columns)
        return Mode.UPDATE if moved else Mode.NO_KEY_UPDATE


class Delete(Changing):
    """A compiled DELETE."""

    tag = "DELETE"

    def __init__(self, tree: Any, making: Making) -> None:
        super().__init__(tree, making)
        self.add_sources(tree.args.get("using") or [])
        self.add_condition(tree)
        self.add_returning(tree)

    async def run(self, running: Running) -> Result:
        """Delete the rows that match."""
        done: list[Change] = []
        envs: list[Env] = []
        database, transaction = running.database, running.snapshot.transaction
        heap = database.heaps[self.table.name]
        for match in self.matches(running):
            env = await self.claim(match, (Mode.UPDATE, Mode.UPDATE), running)
            if env is not None:
                changes.tell_serializable(database, transaction, heap, match[1])
                changes.put(database, transaction, heap, match[1], None)
                done.append((match[1], env[0], None))
                envs.append(env)
        return await self.finish(done, envs, running)


async def replace(
    statement: Changing, row: Row, old: Values, new: Values, running: Running
) -> None:
    """Give a locked row new values, if its constraints allow them."""
    database, transaction = running.database, running.snapshot.transaction
    heap = database.heaps[statement.table.name]
    statement.check(new, running)
    changes.tell_serializable(database, transaction, heap, row)
    moved = [index for index in heap.indexes if index.key(new) != index.key(old)]
    if moved:
        await database.lock(transaction, row, Mode.UPDATE)
    if moved and is_serializable(running):  # a new place in one index is one in all of them
        database.serializability.write(transaction, *heap.indexes)
    changes.put(database, transaction, heap, row, new)
    for index in moved:
        await changes.check_unique(database, transaction, heap, index, new, row=row)


def assignments(nodes: list[Any], table: Table, compiler: Compiler) -> list[tuple[int, Run | None]]:
    """Return the columns that SET sets, and to what; None: their defaults."""
    found: list[tuple[int, Run | None]] = []
    for node in nodes:
        if type(node).__name__ != "EQ":
            unmodelled(f"SET {node.sql('postgres')}")
        pairs = [(node.this, node.expression)]
        if type(node.this).__name__ == "Tuple":
            if type(node.expression).__name__ != "Tuple":
                unmodelled(f"SET {node.sql('postgres')}")
            pairs = list(zip(node.this.expressions, node.expression.expressions, strict=True))
        for left, right in pairs:
            place = table.place(name_of(left), position(left))
            found.append((place, value_of(right, table, place, compiler)))
    return found


def value_of(node: Any, table: Table, place: int, compiler: Compiler) -> Run | None:
    """Return the value to store in a column; None: its default."""
    if type(node).__name__ == "Var" and str(node.this).upper() == "DEFAULT":
        return None
    inner, kind = compiler.expression(node), table.types[place]
    run = adapted(inner, kind) if kind.name != "text" else inner.run
    return lambda env, running: store(run(env, running), kind)


def assigned(
    sets: list[tuple[int, Run | None]], old: Values, table: Table, env: Env, running: Running
) -> Values:
    """Return ``old`` with the columns of SET replaced."""
    values = list(old)
    for place, run in sets:
        values[place] = run(env, running) if run is not None else default(table, place, running)
    return tuple(values)


def default(table: Table, place: int, running: Running) -> Any:
    """Return the default of a column."""
    run = table.defaults[place]
    return None if run is None else store(run((), running), table.types[place])

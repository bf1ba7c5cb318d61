"""SELECT: rows that satisfy a condition, in an order, up to a limit, perhaps locked."""

from __future__ import annotations

from functools import cmp_to_key
from typing import TYPE_CHECKING, Any

from raceexplore.sim.postgres.engine.errors import SqlError
from raceexplore.sim.postgres.engine.modes import Mode
from raceexplore.sim.postgres.sql.columns import output, refuse_clauses
from raceexplore.sim.postgres.sql.grouping import Grouping, is_grouped, once
from raceexplore.sim.postgres.sql.locking import Locking, Result, lock_newest
from raceexplore.sim.postgres.sql.parse import name_of, position, unmodelled
from raceexplore.sim.postgres.sql.sources import add_joins, add_table, in_order, join
from raceexplore.sim.postgres.sql.values.compiler import Compiler
from raceexplore.sim.postgres.sql.values.operators import adapted
from raceexplore.sim.postgres.sql.values.scope import Expression, Scope
from raceexplore.sim.postgres.sql.values.types import INT8

if TYPE_CHECKING:
    from collections.abc import Callable

    from raceexplore.sim.postgres.engine.database import Policy
    from raceexplore.sim.postgres.engine.rows import Row
    from raceexplore.sim.postgres.sql.sources import Input
    from raceexplore.sim.postgres.sql.tables import Catalog
    from raceexplore.sim.postgres.sql.values.scope import Env, Running
    from raceexplore.sim.postgres.sql.values.types import Type

    Run = Callable[[Env, Running], Any]
    Match = tuple[Env, list[Row | None]]


class Select:
    """A compiled SELECT.

    names and types: of its columns. reaches: its result depends on a row of an outer query.
    """

    tag = "SELECT"

    def __init__(self, tree: Any, making: Making, outer: Scope | None = None) -> None:
        refuse_clauses(tree)
        self.scope = Scope(outer)
        self.compiler = making.compiler(self.scope)
        self.inputs: list[Input] = []
        source = tree.args.get("from_") or tree.args.get("from")
        if source is not None:
            self.inputs.append(add_table(source.this, self.compiler, making))
        add_joins(tree, self.inputs, self.compiler, making)
        where = tree.args.get("where")
        self.where = None if where is None else self.compiler.condition(where.this)
        condition = None if where is None else where.this
        self.inputs = in_order(self.inputs, condition, self.compiler, making.catalog)
        self.locks = [self._locking(node) for node in tree.args.get("locks") or ()]
        self.is_distinct = tree.args.get("distinct") is not None
        self.grouping: Grouping | None = None
        if is_grouped(tree):
            self.grouping = Grouping(tree, self.compiler, making.catalog)
        self._refuse_locks(tree)
        self.waits: list[Any] = []
        self.columns = self._columns(tree)
        self.listed = {node.unalias().sql() for node in tree.expressions}
        self.names = tuple(column.name for column in self.columns)
        self.types: tuple[Type, ...] = tuple(column.kind for column in self.columns)
        self.order = self._order(tree)
        self.most: int | None = None  # rows that whoever asks looks at
        self.limit, self.offset = self._bound(tree, "limit"), self._bound(tree, "offset")

    @property
    def reaches(self) -> bool:
        """Whether the result depends on a row of an outer query."""
        return self.scope.reaches

    def _locking(self, node: Any) -> Locking:
        update, key, wait = (node.args.get(name) for name in ("update", "key", "wait"))
        mode = (Mode.NO_KEY_UPDATE if key else Mode.UPDATE) if update else Mode.SHARE
        mode = Mode.KEY_SHARE if key and not update else mode
        policy: Policy = "wait" if wait is None else "nowait" if wait else "skip"
        names = [name_of(table.this) for table in node.expressions]
        aliases = [source.alias for source in self.scope.sources]
        for name, table in zip(names, node.expressions, strict=True):
            if name not in aliases:
                message = f'relation "{name}" in FOR UPDATE clause not found in FROM clause'
                raise SqlError("42P01", message, position=position(table))
        by_place = sorted(self.inputs, key=lambda each: each.place)
        chosen = [each for each in by_place if not names or each.source.alias in names]
        if any(each.outer for each in chosen):
            message = "FOR UPDATE cannot be applied to the nullable side of an outer join"
            raise SqlError("0A000", message)
        base = self.scope.base
        return Locking(mode, policy, tuple(c.place - base for c in chosen if c.rows is None))

    def _refuse_locks(self, tree: Any) -> None:
        """Raise the server's error where rows are to be locked that the result does not show."""
        words = "DISTINCT clause" if self.is_distinct else ""
        if self.grouping is not None:
            words = "aggregate functions" if tree.args.get("group") is None else "GROUP BY clause"
        if self.locks and words:
            raise SqlError("0A000", f"FOR UPDATE is not allowed with {words}")

    def _columns(self, tree: Any) -> list[Expression]:
        """Return what the list after SELECT asks for."""
        compiler, grouping = self.compiler, self.grouping
        if grouping is not None:
            self.scope.width += 1  # the aggregates' results stand behind the sources
            compiler.grouping = grouping.agreed
        if not self.inputs:
            compiler.waits = self.waits
        found = [column for node in tree.expressions for column in output(node, compiler)]
        compiler.waits = None
        having = tree.args.get("having")
        if grouping is not None and having is not None:
            grouping.having = compiler.condition(having.this)
        return found

    def _order(self, tree: Any) -> list[tuple[Run, bool, bool]]:
        """Return what to sort by: a value, whether it descends, whether NULL comes first."""
        order = tree.args.get("order")
        found: list[tuple[Run, bool, bool]] = []
        for node in order.expressions if order is not None else ():
            descends, nulls_first = bool(node.args.get("desc")), bool(node.args["nulls_first"])
            found.append((self._sort_key(node.this), descends, nulls_first))
        self.compiler.grouping = None
        return found

    def _sort_key(self, node: Any) -> Run:
        kind = type(node).__name__
        if kind == "Literal" and not node.is_string:
            return self.columns[int(node.this) - 1].run
        if kind == "Column" and not node.args.get("table"):
            name = name_of(node.this)
            if name in self.names:
                return self.columns[self.names.index(name)].run
        if self.is_distinct and node.sql() not in self.listed:
            message = "for SELECT DISTINCT, ORDER BY expressions must appear in select list"
            raise SqlError("42P10", message, position=position(node))
        return self.compiler.expression(node).run

    def _bound(self, tree: Any, name: str) -> Run | None:
        node = tree.args.get(name)
        if node is None:
            return None
        if type(node).__name__ == "Fetch":
            return adapted(self.compiler.expression(node.args["count"]), INT8)
        return adapted(self.compiler.expression(node.expression), INT8)

    def matches(self, env: Env, running: Running) -> list[Match]:
        """Return the combinations of rows that satisfy the condition, in order."""
        found, where = join(self.inputs, env, running), self.where
        if where is not None:
            found = [match for match in found if where(match[0], running) is True]
        if self.order and self.grouping is None:

            def compare(one: Match, other: Match) -> int:
                return self._before(one[0], other[0], running)

            found.sort(key=cmp_to_key(compare))
        return found

    def _groups(self, env: Env, running: Running) -> list[Env]:
        """Return the groups of the rows, in order."""
        assert self.grouping is not None
        envs = [match[0] for match in self.matches(env, running)]
        found = self.grouping.groups(envs, (*env, *(None for _ in self.inputs)), running)
        if self.order:

            def compare(one: Env, other: Env) -> int:
                return self._before(one, other, running)

            found.sort(key=cmp_to_key(compare))
        return found

    def _before(self, one: Env, other: Env, running: Running) -> int:
        for run, descends, nulls_first in self.order:
            a, b = run(one, running), run(other, running)
            if a == b:
                continue
            if a is None or b is None:
                return -1 if (a is None) == nulls_first else 1
            return -1 if (a < b) != descends else 1
        return 0

    def values(self, env: Env, running: Running) -> list[tuple[Any, ...]]:
        """Return the rows, as a sub-query: without locks."""
        if self.locks and self not in running.memo:
            unmodelled("FOR UPDATE in a sub-query that depends on the row")
        if not self.reaches and self in running.memo:
            found: list[tuple[Any, ...]] = running.memo[self]
            return found
        first, last = self._window(running)
        if self.grouping is not None:
            envs = self._groups(env, running)
        else:
            envs = [match[0] for match in self.matches(env, running)]
        if self.is_distinct:
            rows = once([self.project(each, running) for each in envs])[first:last]
        else:
            rows = [self.project(each, running) for each in envs[first:last]]
        if not self.reaches:
            running.memo[self] = rows
        return rows

    def _window(self, running: Running) -> tuple[int, int | None]:
        first = self.offset((), running) if self.offset is not None else 0
        count = self.limit((), running) if self.limit is not None else None
        if count is not None and count < 0:
            raise SqlError("2201W", "LIMIT must not be negative")
        return first or 0, None if count is None else (first or 0) + count

    def project(self, env: Env, running: Running) -> tuple[Any, ...]:
        """Return the columns of one row."""
        return tuple([column.run(env, running) for column in self.columns])

    async def run(self, running: Running) -> Result:
        """Answer the query as a statement."""
        for key, method, parts in self.waits:
            values = [part.run((), running) for part in parts]
            running.memo[key] = await getattr(running.session, method)(*values)
        if self.locks:
            rows = await self._locked(running)
        else:
            rows = self.values((), running)
        return Result(rows, len(rows), self.tag)

    async def prepare(self, running: Running) -> None:
        """Lock what the sub-query locks, before the statement that it belongs to runs."""
        if self.locks:
            running.memo[self] = await self._locked(running)

    async def _locked(self, running: Running) -> list[tuple[Any, ...]]:
        first, last = self._window(running)
        if self.most is not None:
            last = self.most if last is None else min(last, self.most)
        found: list[tuple[Any, ...]] = []
        around = (None,) * self.scope.base  # a sub-query that locks looks at no outer row
        for match in self.matches(around, running):
            if last is not None and len(found) >= last:
                break
            env = await self._lock(match, running)
            if env is not None:
                found.append(self.project(env, running))
        return found[first:]

    async def _lock(self, match: Match, running: Running) -> Env | None:
        """Lock the rows of ``match``; return their newest values, None if they match no more."""
        env, rows = match
        for mode, policy, places in self.locks:
            for place in places:
                row = rows[place]
                assert row is not None
                fresh = await lock_newest(row, mode, policy, running)
                if fresh is None:
                    return None
                at = self.scope.base + place
                changed = fresh is not env[at]
                env = (*env[:at], fresh, *env[at + 1 :])
                if changed and not self.holds(env, running):
                    return None
        return env

    def holds(self, env: Env, running: Running) -> bool:
        """Return whether the conditions hold for newer versions of the rows."""
        for each in self.inputs:
            if each.on is not None and each.on(env, running) is not True:
                return False
        return self.where is None or self.where(env, running) is True


class Making:
    """What a statement is made with.

    catalog: the tables. views: the common table expressions by name. subs: gathers the sub-queries.
    """

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.views: dict[str, Any] = {}
        self.subs: list[Select] = []

    def compiler(self, scope: Scope) -> Compiler:
        """Return a compiler for the expressions of a query with ``scope``."""
        return Compiler(scope, self.select)

    def select(self, tree: Any, outer: Scope | None) -> Select:
        """Return the sub-query ``tree`` compiled."""
        while type(tree).__name__ in {"Subquery", "Paren"}:
            tree = tree.this
        made = Select(tree, self, outer)
        self.subs.append(made)
        return made

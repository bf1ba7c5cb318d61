"""One simulated PostgreSQL server with one database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from raceexplore.sim.in_use import in_use
from raceexplore.sim.latency.quantiles import require
from raceexplore.sim.postgres import errors
from raceexplore.sim.postgres.connection import AsyncConnection
from raceexplore.sim.postgres.engine.database import Database
from raceexplore.sim.postgres.engine.errors import SqlError
from raceexplore.sim.postgres.engine.transactions import Snapshot
from raceexplore.sim.postgres.levels import isolation
from raceexplore.sim.postgres.session import Session, Shared
from raceexplore.sim.postgres.sql.parse import Query, arguments, numbered
from raceexplore.sim.postgres.sql.schema import catalog_of
from raceexplore.sim.postgres.sql.select import Making
from raceexplore.sim.postgres.sql.statements import compiled, plan
from raceexplore.sim.postgres.sql.values.scope import Running

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator
    from types import TracebackType

    from raceexplore.kernel.world import World
    from raceexplore.sim.latency import Latency


class Postgres:
    """A PostgreSQL server, as far as its clients' concurrency goes.

    schema: the SQL that makes its tables, and may put rows into them; or the `Path` of a file with
    it. latency: of each statement on its way to the server; None: none. isolation: of transactions
    that say nothing else. lock_timeout, statement_timeout, idle_in_transaction_session_timeout:
    seconds; 0 is none. Raises psycopg's exceptions for an SQL error in the schema, and
    `Unmodelled`, by name, for what is not simulated. Where a real server stands in for it
    (`raceexplore.sim.real`), it is a database on that one.
    """

    def __init__(
        self,
        world: World,
        schema: str | Path = "",
        *,
        latency: Latency | None = None,
        isolation: str = "read committed",
        lock_timeout: float = 0.0,
        statement_timeout: float = 0.0,
        idle_in_transaction_session_timeout: float = 0.0,
    ) -> None:
        self._world, self._latency = world, latency
        self._isolation = isolation
        given = lock_timeout, statement_timeout, idle_in_transaction_session_timeout
        require(min(given) >= 0, f"Postgres: a time-out is 0 s or more, not {min(given)}")
        self._timeouts = given
        text = schema.read_text(encoding="utf-8") if isinstance(schema, Path) else schema
        self._real = None if in_use.postgres is None else in_use.postgres.database(world, text)
        if self._real is None:
            self._simulate(text)

    def _simulate(self, text: str) -> None:
        """Make the tables of the schema ``text``."""
        world = self._world
        self._database = Database(world)
        try:
            catalog = catalog_of(text)
            self._shared = Shared(world, self._database, catalog)
            for name, table in catalog.tables.items():
                self._database.heaps[name] = table.heap()
            self._fill()
            self._checker = Session(self._shared, "check")
            self._shared.sessions.clear()
        except SqlError as error:
            raise errors.translated(error, text) from None

    def _fill(self) -> None:
        """Put the rows of the schema into the tables."""
        catalog = self._shared.catalog
        if not catalog.rest:
            return
        session, telling = Session(self._shared, "schema"), self._database.telling
        is_on, telling.is_on = telling.is_on, False  # nobody else can be there yet
        session.begin(None, None)
        for number, tree in enumerate(catalog.rest):
            key = f"schema {number}"
            if key not in catalog.plans:
                catalog.plans[key] = compiled(tree, Making(catalog))
            assert session.transaction is not None
            snapshot = self._database.snapshot(session.transaction)
            done(catalog.plans[key].run(Running(self._database, snapshot, (), session.functions)))
        session.commit()
        self._shared.sessions.clear()
        telling.is_on = is_on

    def connection(self, *, autocommit: bool = False, row_factory: Any = None) -> Connecting:
        """Connect: ``async with db.connection() as conn`` or ``conn = await db.connection()``.

        At the end of the block the transaction is committed, or rolled back after an error, and the
        connection is closed.
        """
        return Connecting(self, autocommit=autocommit, row_factory=row_factory)

    def connect(self, *, autocommit: bool, row_factory: Any) -> AsyncConnection:
        """Return a new connection."""
        session: Any
        if self._real is None:
            session = Session(self._shared, self._world.task)
        else:
            session = self._real.session()
        session.use(isolation(self._isolation) or session.isolation)
        patience = session.patience
        patience.lock_s, patience.statement_s, patience.idle_s = self._timeouts
        return AsyncConnection(
            session, latency=self._latency, autocommit=autocommit, row_factory=row_factory
        )

    def query(self, text: str, params: Any = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a SELECT on what is committed, at once: for invariants and checks."""
        if self._real is not None:
            real_rows: list[tuple[Any, ...]] = self._real.query(text, params)
            return real_rows
        session = self._checker
        owner = session.transaction = session.functions.owner
        try:
            query: Query = numbered(text)
            values = arguments(query, params)
            found = plan(query.text, self._shared.catalog)
            if found.body.tag != "SELECT":
                raise SqlError("25006", f"cannot execute {found.body.tag} in a check")
            snapshot = Snapshot(self._database.commits, owner, 0)
            running = Running(self._database, snapshot, values, session.functions)
            rows: list[tuple[Any, ...]] = done(found.run(running)).rows
        except SqlError as error:
            raise errors.translated(error, text) from None
        return rows


class Connecting:
    """A connection to come: to be awaited, or entered."""

    def __init__(self, server: Postgres, *, autocommit: bool, row_factory: Any) -> None:
        self._server, self._options = server, (autocommit, row_factory)
        self._connection: AsyncConnection | None = None

    def __await__(self) -> Generator[Any, Any, AsyncConnection]:
        return self._connect().__await__()

    async def _connect(self) -> AsyncConnection:
        autocommit, row_factory = self._options
        return self._server.connect(autocommit=autocommit, row_factory=row_factory)

    async def __aenter__(self) -> AsyncConnection:
        self._connection = await self._connect()
        return self._connection

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        assert self._connection is not None
        await self._connection.__aexit__(kind, error, traceback)


def done(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Return what a coroutine returns that never has to wait."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    coroutine.close()
    raise AssertionError("a check of the database has to wait for a lock")

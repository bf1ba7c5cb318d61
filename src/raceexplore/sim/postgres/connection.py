"""A connection in the shape of psycopg's AsyncConnection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from raceexplore.sim.hosts.wire import Unreachable, span
from raceexplore.sim.postgres import errors
from raceexplore.sim.postgres.block import Block
from raceexplore.sim.postgres.cursor import AsyncCursor
from raceexplore.sim.postgres.engine.errors import SqlError
from raceexplore.sim.postgres.levels import isolation
from raceexplore.sim.postgres.session import CLOSED
from raceexplore.sim.postgres.sql.parse import Query, arguments, numbered, unmodelled
from raceexplore.sim.postgres.status import (
    FORBIDDEN,
    ConnectionInfo,
    TransactionStatus,
    must_be_idle,
    refuse,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import TracebackType
    from typing import Self

    from raceexplore.sim.latency import Latency
    from raceexplore.sim.postgres.session import Session
    from raceexplore.sim.postgres.sql.locking import Result


class Notify(NamedTuple):
    """A notification: its channel, what it says, and the session that has sent it."""

    channel: str
    payload: str
    pid: int


class AsyncConnection:
    """One connection to the simulated server.

    A statement is two schedule points: on the way there, with the latency, and on the way back.
    autocommit: each statement is a transaction of its own. Without it the first statement starts
    one, as ever in psycopg.
    """

    def __init__(
        self,
        session: Session,
        *,
        latency: Latency | None = None,
        autocommit: bool = False,
        row_factory: Any = None,
    ) -> None:
        self._session, self._world, self._latency = session, session.world, latency
        self._autocommit = autocommit
        self.row_factory = row_factory
        self.isolation_level: Any = None
        self.read_only: bool | None = None
        self._turns = self._world.lot(f"connection {session.client.number}")
        self._busy = False
        self._depth = 0
        self._world.at_kill(lambda: session.close("the client has crashed"))

    def changed(self, held: object) -> None:
        """Tell that the running event changes what ``held`` keeps, a part of the connection."""
        self._world.changed(held)

    @property
    def closed(self) -> bool:
        """Whether the connection is closed, by either side."""
        self._world.changed(self)
        return bool(self._session.closed)

    @property
    def autocommit(self) -> bool:
        """Whether each statement is a transaction of its own."""
        return self._autocommit

    @property
    def broken(self) -> bool:
        """Whether the server has hung up."""
        return self.closed and self._session.closed != CLOSED

    @property
    def info(self) -> ConnectionInfo:
        """What is known of the connection: the status of its transaction, and its process."""
        self._world.changed(self)
        session, status = self._session, TransactionStatus.IDLE
        if session.closed:
            status = TransactionStatus.UNKNOWN
        elif self._busy:
            status = TransactionStatus.ACTIVE
        elif session.failed:
            status = TransactionStatus.INERROR
        elif session.transaction is not None:
            status = TransactionStatus.INTRANS
        return ConnectionInfo(status, session.client.number)

    async def set_autocommit(self, value: bool) -> None:  # noqa: FBT001 as psycopg has it
        """Set ``autocommit``."""
        self._world.changed(self)
        must_be_idle(self.info, "autocommit", depth=self._depth)
        self._autocommit = value

    async def set_isolation_level(self, value: Any) -> None:
        """Set the isolation of the transactions to come: psycopg's enum, a number or a name."""
        self._world.changed(self)
        must_be_idle(self.info, "isolation_level", depth=self._depth)
        self.isolation_level = value

    async def set_read_only(self, value: bool | None) -> None:  # noqa: FBT001 as psycopg has it
        """Let the transactions to come only read."""
        self._world.changed(self)
        must_be_idle(self.info, "read_only", depth=self._depth)
        self.read_only = value

    def cursor(self, name: str = "", *, row_factory: Any = None, **options: object) -> AsyncCursor:
        """Return a new cursor; ``name``, which makes it the server's, is refused."""
        if name:
            unmodelled("cursors of the server's, cursor(name)")
        return AsyncCursor(self, row_factory or self.row_factory)

    def pipeline(self) -> NoReturn:
        """Refuse libpq's pipelines."""
        unmodelled("AsyncConnection.pipeline()")

    async def execute(self, query: Any, params: Any = None, **options: object) -> AsyncCursor:
        """Run one statement and return the cursor with its result."""
        return await self.cursor().execute(query, params, **options)

    async def ask(
        self, given: Any, params: Any = None, *, begins: bool = True
    ) -> tuple[Result, Any]:
        """Send one statement, wait for the answer, and raise it if it is an error.

        begins: the statement starts a transaction if there is none.
        """
        session, text = self._session, text_of(given)
        self._world.changed(self)
        try:
            query = numbered(text) if params is not None else Query(text, None, 0)
            values = arguments(query, params) if params is not None else ()
        except SqlError as error:
            raise errors.translated(error, text) from None
        while self._busy:  # one statement at a time: psycopg has a lock for that
            await self._turns.park()
            self._world.changed(self)
        self._busy = True
        call = span(self._world, "postgres", lambda: " ".join(query.text.split()))
        try:
            await call.cross(len(text))
            await self._travel(text)
            if begins and session.transaction is None and not self._autocommit:
                session.begin(isolation(self.isolation_level), self.read_only)
                session.explicit = True
            answer = await session.execute(query.text, values)
            call.done()
            await self._world.checkpoint()
            await call.back()
        except Unreachable:
            raise errors.unresolved() from None
        except SqlError as error:
            await self._world.checkpoint()
            raise errors.translated(error, query.text) from None
        except errors.ERROR:  # a real server's own
            await self._world.checkpoint()
            raise
        finally:
            call.end()
            self._world.changed(self)
            self._busy = False
            if len(self._turns):
                self._turns.wake()
        return answer

    async def _travel(self, text: str) -> None:
        if self._session.closed:
            raise errors.closed(self._session.closed)
        if self._latency is None:
            await self._world.checkpoint()
        else:
            await self._latency.sleep(self._world, text.split(None, 1)[0].upper())
        if self._session.closed:
            raise errors.closed(self._session.closed)

    async def commit(self) -> None:
        """Commit the transaction, if there is one."""
        self._world.changed(self)
        if self._depth:
            refuse(FORBIDDEN["commit"])
        if self._session.transaction is not None:
            await self.ask("COMMIT", begins=False)

    async def rollback(self) -> None:
        """Roll the transaction back, if there is one."""
        self._world.changed(self)
        if self._depth:
            refuse(FORBIDDEN["rollback"])
        if self._session.transaction is not None:
            await self.ask("ROLLBACK", begins=False)

    async def close(self) -> None:
        """Close the connection; the server rolls back what was not committed."""
        self._world.changed(self)
        self._session.close()

    def transaction(
        self, savepoint_name: str | None = None, *, force_rollback: bool = False
    ) -> Block:
        """Return a block that is a transaction, or a savepoint where there is one already."""
        return Block(self, savepoint_name, force_rollback=force_rollback)

    async def notifies(
        self,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 psycopg's name for it
        stop_after: int | None = None,
    ) -> AsyncIterator[Notify]:
        """Yield the notifications of the channels that ``LISTEN`` has named.

        timeout: seconds without one after which to stop. stop_after: how many to give.
        """
        session, count = self._session, 0
        while stop_after is None or count < stop_after:
            while not session.inbox:
                if timeout is None:
                    await session.mail.park()
                    continue
                async with self._world.timeout(timeout) as patience:
                    await session.mail.park()
                if patience.expired:
                    return
            session.heard(session.inbox[0][0])
            count += 1
            yield Notify(*session.inbox.pop(0))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._world.changed(self)
        try:
            if not self.closed:
                await self._finish(error)
        finally:
            self._world.changed(self)
            self._session.close()

    async def _finish(self, error: BaseException | None) -> None:
        if error is None:
            await self.commit()
        elif isinstance(error, Exception):
            await self.rollback()
        else:  # cancelled: an await would only be cancelled again
            self._session.roll_back()

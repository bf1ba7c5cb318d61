"""The server's side of one connection: its transaction, its settings, what functions ask of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raceexplore.sim.postgres.controls import HANDLERS
from raceexplore.sim.postgres.engine.errors import SqlError
from raceexplore.sim.postgres.engine.locks import release
from raceexplore.sim.postgres.engine.rows import Heap, Row, Version
from raceexplore.sim.postgres.engine.timeouts import Patience
from raceexplore.sim.postgres.engine.transactions import Client, Isolation, Transaction
from raceexplore.sim.postgres.functions import Functions
from raceexplore.sim.postgres.sql.locking import Result
from raceexplore.sim.postgres.sql.statements import Command, command, plan
from raceexplore.sim.postgres.sql.values.scope import Running

if TYPE_CHECKING:
    from raceexplore.kernel.world import World
    from raceexplore.sim.postgres.engine.database import Database
    from raceexplore.sim.postgres.sql.tables import Catalog


CLOSED = "the connection is closed"  # by the client


class Shared:
    """What the sessions of one server share beside its rows.

    sequences: the next value of each. advisory: the advisory locks, as rows of a table of their
    own. sessions: who is connected.
    """

    def __init__(self, world: World, database: Database, catalog: Catalog) -> None:
        self.world, self.database, self.catalog = world, database, catalog
        self.sequences = dict(catalog.sequences)
        self.locks = Heap("advisory locks", ("key",), [("", (0,))], primary=True)
        self.advisory: dict[object, Row] = {}
        self.sessions: list[Session] = []

    def lock(self, key: object) -> Row:
        """Return the row that stands for an advisory lock."""
        if key not in self.advisory:
            self.advisory[key] = Row(self.locks, Version((key,), None, 0, 0), f"[{key!r}]")
        return self.advisory[key]


class Session:
    """One connection, as the server has it.

    transaction: in progress; None: each statement is its own. failed: the transaction has failed,
    and only its end is accepted. closed: why nothing is accepted any more. inbox: notifications
    that have come.
    """

    def __init__(self, shared: Shared, path: str) -> None:
        self.shared, self.database, self.world = shared, shared.database, shared.world
        shared.sessions.append(self)
        self.patience = Patience()
        self.client = Client(len(shared.sessions), path, self.patience)
        self.isolation, self.read_only = Isolation.READ_COMMITTED, False
        self.transaction: Transaction | None = None
        self.savepoints: list[tuple[str, int]] = []
        self.settings: dict[str, float] = {}  # to go back to when the transaction ends
        self.failed, self.closed = False, ""
        self.channels: dict[str, None] = {}
        self.inbox: list[tuple[str, str, int]] = []
        self.mail = self.world.lot(f"notifications of connection {self.client.number}")
        self.functions = Functions(self)
        self.busy = 0  # counts statements: who has slept since knows whether one has come

    def use(self, isolation: Isolation) -> None:
        """Let transactions that say nothing else have this isolation."""
        self.isolation = isolation

    def heard(self, channel: str) -> None:
        """Note that the running event reads a channel's messages."""
        self.database.telling.other(f"channel {channel}")

    async def execute(self, text: str, params: tuple[Any, ...]) -> tuple[Result, Any]:
        """Run one statement; return its result, and the compiled statement if it gives rows."""
        if self.closed:
            raise SqlError("08006", self.closed)
        self.busy += 1
        order = command(text)
        if order is not None:
            return self._control(order), None
        if self.failed:
            raise SqlError(
                "25P02",
                "current transaction is aborted, commands ignored until end of transaction block",
            )
        try:
            found = plan(text, self.shared.catalog)
            result = await self._run(found, params)
        except BaseException:
            self._fail()
            raise
        self.watch()
        return result, found.body

    async def _run(self, found: Any, params: tuple[Any, ...]) -> Result:
        alone = self.transaction is None
        if self.transaction is None:
            self.begin(None, None)
        assert self.transaction is not None
        snapshot = self.database.snapshot(self.transaction)
        self.patience.start(self.world.now())
        if self.transaction.read_only and found.body.tag != "SELECT":
            message = f"cannot execute {found.body.tag} in a read-only transaction"
            raise SqlError("25006", message)
        result: Result = await found.run(Running(self.database, snapshot, params, self.functions))
        if alone:
            self.commit()
        return result

    def _fail(self) -> None:
        """Take back what failed: the transaction, or what was done since the last savepoint."""
        transaction = self.transaction
        if transaction is None:
            return
        if transaction.client.waiting is not None:
            transaction.client.waiting.leave()
        if self.savepoints:
            self.database.roll_back_to(transaction, self.savepoints[-1][1])
            self.failed = True
        else:
            self.database.roll_back(transaction)
            self.failed = self.explicit
        if not self.failed:
            self._over()

    explicit = False  # BEGIN was said

    def begin(self, isolation: Isolation | None, read_only: bool | None) -> None:  # noqa: FBT001
        """Start a transaction."""
        self.transaction = self.database.begin(self.client, isolation or self.isolation)
        self.transaction.read_only = self.read_only if read_only is None else read_only

    def commit(self) -> str:
        """End the transaction and return the server's word for how. Raises `SqlError`."""
        transaction = self.transaction
        if transaction is None:
            return "COMMIT"
        if self.failed:
            return self.roll_back()
        try:
            self.database.commit(transaction)
        except SqlError:
            self.database.roll_back(transaction)
            self._over()
            raise
        self._over()
        self._deliver(transaction)
        return "COMMIT"

    def roll_back(self) -> str:
        """Take the transaction back."""
        if self.transaction is not None:
            self.database.roll_back(self.transaction)
        self._over()
        return "ROLLBACK"

    def _over(self) -> None:
        self.transaction, self.failed, self.explicit = None, False, False
        self.savepoints.clear()
        for name, value in self.settings.items():
            setattr(self.patience, name, value)
        self.settings.clear()

    def _deliver(self, transaction: Transaction) -> None:
        for channel, payload in dict.fromkeys(transaction.notices):
            if self.database.telling.is_on:
                self.database.telling.other(f"channel {channel}")
            for session in self.shared.sessions:
                if channel in session.channels and not session.closed:
                    session.inbox.append((channel, payload, self.client.number))
                    session.mail.wake()

    def close(self, why: str = CLOSED) -> None:
        """Hang up: the server takes back what was not committed, and lets go of all locks."""
        if self.closed:
            return
        if self.client.waiting is not None:
            self.client.waiting.leave()
        self.roll_back()
        release(self.functions.owner)
        self.closed = why
        self.channels.clear()

    def _control(self, order: Command) -> Result:
        handler = HANDLERS.get(order.kind)
        assert handler is not None
        if self.failed and order.kind not in {"commit", "rollback", "back"}:
            raise SqlError(
                "25P02",
                "current transaction is aborted, commands ignored until end of transaction block",
            )
        found = handler(self, order)
        self.watch()
        if order.kind == "show":
            return Result([(found,)], 1, "SHOW")
        return Result(None, -1, found)

    def watch(self) -> None:
        """Hang up once the session has been idle in its transaction for too long."""
        if self.patience.idle_s and self.transaction is not None:
            self.world.spawn(self._idle, self.busy, name=f"idle timer {self.client.number}")

    async def _idle(self, busy: int) -> None:
        await self.world.sleep(self.patience.idle_s)
        if self.busy == busy and self.transaction is not None:
            self.close("terminating connection due to idle-in-transaction timeout")

"""One session on a real PostgreSQL, in the shape of the simulated server's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import psycopg
from psycopg import pq
from psycopg.adapt import PyFormat, Transformer

from raceexplore.sim.postgres.controls import HANDLERS, TIMEOUTS
from raceexplore.sim.postgres.engine.errors import SqlError
from raceexplore.sim.postgres.engine.timeouts import Patience
from raceexplore.sim.postgres.engine.transactions import Client, Isolation
from raceexplore.sim.postgres.session import CLOSED
from raceexplore.sim.postgres.sql.locking import Result
from raceexplore.sim.postgres.sql.statements import Command, command
from raceexplore.sim.postgres.sql.values.types import OIDS, TEXT, Type
from raceexplore.sim.real import clock
from raceexplore.sim.real.quiet import DOWN, answering, gone
from raceexplore.sim.unmodelled import Unmodelled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from raceexplore.kernel.runtime import Waiter
    from raceexplore.kernel.world import World
    from raceexplore.sim.real.quiet import Quiet

LISTENS = re.compile(r"\s*(?:un)?listen\b", re.IGNORECASE)
TIMED = re.compile(r"\bpg_sleep(_for|_until)?\s*\(", re.IGNORECASE)
KEPT = ("lock_timeout", "statement_timeout")  # in virtual time, by ourselves


KINDS = {number: Type(name) for name, number in OIDS.items()}


class Columns(NamedTuple):
    """The names of a result's columns, and their types."""

    names: tuple[str, ...]
    types: tuple[Type, ...]


class RealSession:
    """A connection of the program's to a real server.

    link: the connection. quiet: the rule by which statements are waited for. others: returns the
    sessions of this run. number: the order in which they were opened, from 1. inbox, mail:
    notifications that have come, and who waits for them. closed: why nothing is accepted any more.
    """

    def __init__(
        self, world: World, link: Any, quiet: Quiet, others: Callable[[], Sequence[RealSession]]
    ) -> None:
        self.world, self.link, self.quiet, self.others = world, link, quiet, others
        self.number = number = len(others()) + 1
        self.pid = int(link.info.backend_pid)
        self.patience = Patience()
        self.client = Client(number, world.task, self.patience)
        self.isolation = Isolation.READ_COMMITTED
        self.settings: dict[str, float] = {}  # to go back to when the transaction ends
        self.explicit, self.closed = False, ""
        self.listens = False  # it has ever said LISTEN
        self.inbox: list[tuple[str, str, int]] = []
        self.mail = world.lot(f"notifications of connection {number}")
        self.waiter: Waiter | None = None
        self.answer: Any = None
        self._results: list[Any] = []
        self._time: tuple[float, bool] | None = (0.0, True)  # as the server has been told it

    @property
    def transaction(self) -> RealSession | None:
        """The session itself while it is in a transaction."""
        idle = self.link.pgconn.transaction_status == pq.TransactionStatus.IDLE
        return None if idle else self

    @property
    def failed(self) -> bool:
        """Whether the transaction has failed, and only its end is accepted."""
        return bool(self.link.pgconn.transaction_status == pq.TransactionStatus.INERROR)

    def heard(self, channel: str) -> None:
        """Note that the running event reads a channel's messages."""
        self.world.used(f"channel {channel}", write=True)

    def begin(self, isolation: Isolation | None, read_only: bool | None) -> None:  # noqa: FBT001
        """Start a transaction."""
        self._tell_time()
        level = isolation or self.isolation
        self.at_once(f"BEGIN ISOLATION LEVEL {level.value}")
        if read_only:
            self.at_once("SET TRANSACTION READ ONLY")

    def use(self, isolation: Isolation) -> None:
        """Let transactions that say nothing else have this isolation."""
        self.isolation = isolation
        if isolation is not Isolation.READ_COMMITTED:
            self.at_once(f"SET default_transaction_isolation TO '{isolation.value}'")

    async def execute(self, text: str, params: tuple[Any, ...]) -> tuple[Result, Any]:
        """Run one statement; return its result, and the names of its columns if it gives rows."""
        if self.closed:
            raise SqlError("08006", self.closed)
        self.world.used("PostgreSQL", write=True)
        found = self._own(text)
        if found is not None:
            return found, None
        self.patience.start(self.world.now())
        with answering():
            self._tell_time()
            self._send(clock.spelled(text), params)
            self.quiet.out.append(self)
            self.deliver()
        if self.answer is None:
            await self._blocked(text)
        answer, self.answer = self.answer, None
        if self.transaction is None:
            self._over()
        if isinstance(answer, Exception):
            raise answer
        self.listens |= LISTENS.match(text) is not None
        return self._result(answer)

    def _own(self, text: str) -> Result | None:
        """Answer what is about time: a real server's clock is not ours, so we keep it here."""
        if TIMED.search(text):
            raise Unmodelled("Unmodelled on a real server: pg_sleep, whose clock is not the run's")
        order = command(text) if "_timeout" in text.lower() else None
        if order is None or order.name not in TIMEOUTS or order.kind not in {"set", "show"}:
            return None
        if order.name not in KEPT:
            raise Unmodelled(f"Unmodelled on a real server: {order.kind.upper()} {order.name}")
        handler: Callable[[Any, Command], str] = HANDLERS[order.kind]
        tag = handler(self, order)
        return Result([(tag,)], 1, "SHOW") if order.kind == "show" else Result(None, -1, tag)

    def _tell_time(self) -> None:
        """Tell the server what time it is, if that has changed since it was told."""
        status, now_s = self.link.pgconn.transaction_status, self.world.now()
        begins = status == pq.TransactionStatus.IDLE
        if status != pq.TransactionStatus.INERROR and self._time != (now_s, begins):
            self.at_once(clock.settings(now_s, begins=begins))
            self._time = now_s, begins

    def _send(self, text: str, params: tuple[Any, ...]) -> None:
        pgconn, self._results = self.link.pgconn, []
        if not params:
            pgconn.send_query(text.encode())
            return
        adapting = Transformer.from_context(self.link)
        dumped = adapting.dump_sequence(params, [PyFormat.AUTO] * len(params))
        pgconn.send_query_params(
            text.encode(), dumped, param_types=adapting.types, param_formats=adapting.formats
        )

    async def _blocked(self, text: str) -> None:
        """Wait until the statement is answered, or its time is up."""
        self.waiter = waiter = self.world.waiter(lambda _: self._give_up())
        waiter.what = f"PostgreSQL: {' '.join(text.split())[:60]}"
        try:
            await self.patience.over(self.world, waiter)
        except SqlError as late:
            self.answer = late
        finally:
            self.waiter = None

    def _give_up(self) -> None:
        """Take the statement back; others may go on then."""
        if self in self.quiet.out:
            with answering():
                self.quiet.cancel(self)
                self.deliver()

    def deliver(self) -> None:
        """Settle, and give each statement that is answered now to who waits for it."""
        for session in self.quiet.settle():
            assert isinstance(session, RealSession)
            session.answer = session.answered()
            if session.waiter is not None:
                session.waiter.wake()
        for each in self.others():
            if each.listens and not each.closed and each.transaction is None:
                each.fetch_mail()

    def fetch_mail(self) -> None:
        """Take the notifications: an idle session is sent them before its next answer."""
        if self in self.quiet.out:
            return
        self.link.pgconn.exec_(b"")
        encoding = self.link.info.encoding
        while (found := self.link.pgconn.notifies()) is not None:
            channel, payload = found.relname.decode(encoding), found.extra.decode(encoding)
            sender = next((s.number for s in self.others() if s.pid == found.be_pid), 0)
            self.inbox.append((channel, payload, sender))
            self.mail.wake()

    def collect(self) -> bool:
        """Read what has come from the server; return whether the statement is answered now."""
        pgconn = self.link.pgconn
        pgconn.consume_input()
        while not pgconn.is_busy():
            result = pgconn.get_result()
            if result is None:
                return True
            self._results.append(result)
        return False

    def answered(self) -> Any:
        """Return the last result of the statement, or the exception that it is."""
        bad = [r for r in self._results if r.status == pq.ExecStatus.FATAL_ERROR]
        result = bad[0] if bad else self._results[-1]
        if not bad:
            return result
        error = psycopg.errors.error_from_result(result, self.link.info.encoding)
        if error.sqlstate == "57014" and self.pid in self.quiet.victims:
            self.quiet.victims.discard(self.pid)
            return SqlError("40P01", "deadlock detected")
        if str(error.sqlstate).startswith(DOWN):
            raise gone(error)
        return error

    def _result(self, result: Any) -> tuple[Result, Any]:
        status = (result.command_status or b"").decode()
        tag = status.rstrip("0123456789 ")
        touched = -1 if result.command_tuples is None else result.command_tuples
        if result.status != pq.ExecStatus.TUPLES_OK:
            return Result(None, touched, tag), None
        adapting = Transformer.from_context(self.link)
        adapting.set_pgresult(result)
        rows = adapting.load_rows(0, result.ntuples, tuple)
        encoding = self.link.info.encoding
        names = tuple(result.fname(column).decode(encoding) for column in range(result.nfields))
        numbers = [result.ftype(column) for column in range(result.nfields)]
        return Result(rows, touched, tag), Columns(
            names, tuple(KINDS.get(n, TEXT) for n in numbers)
        )

    def at_once(self, text: str) -> None:
        """Run a statement that never waits."""
        with answering():
            result = self.link.pgconn.exec_(text.encode())
        if result.status == pq.ExecStatus.FATAL_ERROR:
            raise psycopg.errors.error_from_result(result, self.link.info.encoding)

    def roll_back(self) -> str:
        """Take the transaction back; who waited for its locks goes on."""
        self._give_up()
        if self.transaction is not None:
            self.at_once("ROLLBACK")
        self._over()
        with answering():
            self.deliver()
        return "ROLLBACK"

    def _over(self) -> None:
        self.explicit, self._time = False, None  # a rollback has taken back what it was told
        for name, value in self.settings.items():
            setattr(self.patience, name, value)
        self.settings.clear()

    def close(self, why: str = CLOSED) -> None:
        """Hang up: the server takes back what was not committed, and lets go of all locks."""
        if self.closed:
            return
        self._give_up()
        self.closed = why
        self.reset()
        with answering():
            self.deliver()

    def reset(self) -> None:
        """Make the connection as good as new, for the next session."""
        if self.transaction is not None:
            self.at_once("ROLLBACK")
        self.at_once("DISCARD ALL")

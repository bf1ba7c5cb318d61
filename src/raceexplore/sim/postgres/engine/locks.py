"""Row locks in four modes, waits for the end of a transaction, and deadlocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from raceexplore.sim.postgres.engine.cycles import cycle_through
from raceexplore.sim.postgres.engine.errors import SqlError
from raceexplore.sim.postgres.engine.modes import Mode
from raceexplore.sim.postgres.engine.timeouts import outlasts
from raceexplore.sim.postgres.engine.transactions import NEVER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.kernel.runtime import Waiter
    from raceexplore.kernel.world import World
    from raceexplore.sim.postgres.engine.rows import Row
    from raceexplore.sim.postgres.engine.timeouts import Patience
    from raceexplore.sim.postgres.engine.transactions import Client, Transaction


class Request:
    """A transaction that waits: for a lock on ``row``, or, if that is None, for ``other`` to end.

    Who makes room wakes a waiter, and gives it nothing: until it runs, somebody else may come and
    take the lock, and it has to wait again, at its place. waiter: None once it has been woken.
    """

    __slots__ = ("mode", "other", "row", "transaction", "waiter", "what")

    def __init__(self, transaction: Transaction, what: str) -> None:
        self.transaction, self.what = transaction, what
        self.row: Row | None = None
        self.mode = Mode.UPDATE
        self.other: Transaction | None = None
        self.waiter: Waiter | None = None

    def blockers(self) -> list[Transaction]:
        """Return the transactions that must end, or get theirs, before this request is granted."""
        row = self.row
        if row is None:
            return [] if self.other is None else [self.other]
        found, mode = holders(row, self.transaction, self.mode), self.mode
        for request in row.queue if not self.has_some else ():
            if request is self:
                break
            if mode.conflicts(request.mode) and not request.has_some:
                found.append(request.transaction)
        return found

    @property
    def has_some(self) -> bool:
        """Whether its client has locked the row already, if not as strongly: it is in no queue."""
        client = self.transaction.client
        return self.row is not None and any(tx.client is client for tx in self.row.locks)

    def wake(self, answer: SqlError | None = None) -> None:
        """Let the task go on, with what it has to fail with."""
        waiter, self.waiter = self.waiter, None
        assert waiter is not None
        waiter.wake(answer)

    def leave(self) -> None:
        """Leave the queue: granted, cancelled or refused."""
        self.transaction.client.waiting = None
        if self.row is not None:
            if self in self.row.queue:
                self.row.queue.remove(self)
                grant(self.row)  # it may have been in others' way
        elif self.other is not None:
            self.other.waiters.pop(self, None)


def holders(row: Row, own: Transaction, mode: Mode) -> list[Transaction]:
    """Return whose locks on ``row`` are in the way of ``own``; a client is never in its own."""
    client = own.client
    return [tx for tx, held in row.locks.items() if tx.client is not client and mode + held >= 3]


def blocked(row: Row, own: Transaction, mode: Mode) -> bool:
    """Return whether anybody's lock on ``row`` is in the way of ``own``."""
    return bool(row.locks) and bool(holders(row, own, mode))


def take(transaction: Transaction, row: Row, mode: Mode) -> None:
    """Give ``transaction`` the lock; the caller knows that nobody is in the way."""
    before = row.locks.get(transaction)
    row.locks[transaction] = mode
    transaction.locked[row] = None
    transaction.undo.append(lambda: give_back(transaction, row, before))


def give_back(transaction: Transaction, row: Row, before: Mode | None) -> None:
    """Weaken a lock to what it was before, perhaps to none, and let those in who can come."""
    if before is None:
        row.locks.pop(transaction, None)
        transaction.locked.pop(row, None)
    else:
        row.locks[transaction] = before
    grant(row)


def grant(row: Row) -> None:
    """Wake those in the queue who can have the lock, in the order in which they came.

    Who has to go on waiting holds back those behind with whom he is in conflict: PostgreSQL's
    waiters queue for a second lock, on the tuple, in the same modes. Who has a weaker lock already
    does not, nor does who comes only now: they, those who waited for the end of the same
    transaction, and the first of the queue are a race on the real server, too.
    """
    for request in [request for request in row.queue if is_stale(request, row)]:
        row.queue.remove(request)
        request.transaction.client.waiting = None
        if request.waiter is not None:
            request.wake()
    for request in grantable(row):
        if request.waiter is not None:
            request.wake()


def is_stale(request: Request, row: Row) -> bool:
    """Return whether a wait is in vain: a lasting snapshot is older than what was committed."""
    transaction, last = request.transaction, row.versions[-1]
    by = last.by
    if not transaction.lasting or by is None or by is transaction:
        return False
    kept = request.mode is Mode.KEY_SHARE and last.keeps_key
    return transaction.sequence < by.committed_at < NEVER and not kept


def grantable(row: Row) -> list[Request]:
    """Return the requests that nobody is in the way of: those who have some lock already first."""
    staying: list[Request] = []
    found: list[Request] = []
    for request in row.queue:
        held_back = any(request.mode.conflicts(other.mode) for other in staying)
        if blocked(row, request.transaction, request.mode) or (held_back and not request.has_some):
            if not request.has_some:
                staying.append(request)
        else:
            found.append(request)
            if not request.has_some:
                staying.append(request)
    return sorted(found, key=lambda request: not request.has_some)


def release(transaction: Transaction) -> None:
    """Let go of all locks of a transaction that has ended, and wake those who wait for its end."""
    for row in list(transaction.locked):
        row.locks.pop(transaction, None)
        grant(row)
    transaction.locked.clear()
    wake_waiters(transaction)


def wake_waiters(transaction: Transaction) -> None:
    """Let those look again who wait for the end of ``transaction``."""
    for request in list(transaction.waiters):
        request.leave()
        request.wake()


async def wait(world: World, request: Request, patience: Patience) -> None:
    """Wait until ``request`` can go on. Raises `SqlError`: a deadlock, or a time-out."""
    transaction = request.transaction
    request.waiter = waiter = world.waiter(lambda _: request.leave())
    waiter.what = request.what
    waiter.holders = lambda: tuple(sorted({tx.client.path for tx in request.blockers()}))
    transaction.client.waiting = request
    if request.other is not None:
        request.other.waiters[request] = None
    break_deadlocks(world, request)
    answer = await patience.over(world, waiter)
    if isinstance(answer, SqlError):
        raise answer


async def wait_for_row(world: World, request: Request, told: Callable[[], object]) -> None:
    """Wait until the lock that ``request`` wants is had, or in vain. Raises `SqlError`.

    told: called each time that the lock is looked at.
    """
    row, own = request.row, request.transaction
    assert row is not None
    row.queue.append(request)
    while True:
        await wait(world, request, own.client.patience)
        told()
        if request not in row.queue:
            return
        if not blocked(row, own, request.mode):
            break
    row.queue.remove(request)
    own.client.waiting = None
    take(own, row, request.mode)
    grant(row)


def break_deadlocks(world: World, request: Request) -> None:
    """End each cycle that ``request`` closes by the failure of one of its transactions.

    PostgreSQL looks for cycles once a wait has lasted for ``deadlock_timeout``, so that any of them
    may be the one to fail: the explorer chooses. On the default schedule it is the session that
    connected last. One whose own time-out comes first is none of them.
    """
    while request.transaction.client.waiting is request:
        cycle = cycle_through(request.transaction.client, _blockers)
        victims = [client for client in cycle if outlasts(client.patience)]
        if not victims:
            return
        victims.sort(key=_number, reverse=True)
        victim = world.pick("deadlock victim", victims)
        waiting, story = victim.waiting, _story(cycle)
        assert waiting is not None
        assert waiting.waiter is not None
        waiting.leave()
        waiting.wake(SqlError("40P01", "deadlock detected", detail=story))


def _number(client: Client) -> int:
    return client.number


def _blockers(client: Client) -> Iterator[Client]:
    """Yield the clients for whose transactions ``client`` waits."""
    request = client.waiting
    if request is None or request.waiter is None:  # it has been woken, and may go on
        return
    for transaction in request.blockers():
        yield transaction.client


def _story(cycle: list[Client]) -> str:
    """Return who waits for what in a deadlock, a line each."""
    return "\n".join(_waits(cycle))


def _waits(cycle: list[Client]) -> Iterator[str]:
    for client, other in zip(cycle, [*cycle[1:], cycle[0]], strict=True):
        assert client.waiting is not None
        yield (
            f"Process {client.number} waits for {client.waiting.what};"
            f" blocked by process {other.number}."
        )

"""The state of one server: tables, transactions, commits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from raceexplore.sim.postgres.engine.errors import SqlError, serialization_failure
from raceexplore.sim.postgres.engine.locks import (
    Request,
    blocked,
    give_back,
    release,
    take,
    wait,
    wait_for_row,
    wake_waiters,
)
from raceexplore.sim.postgres.engine.modes import Mode
from raceexplore.sim.postgres.engine.serializable import Serializability
from raceexplore.sim.postgres.engine.telling import Telling
from raceexplore.sim.postgres.engine.transactions import (
    NEVER,
    Client,
    Isolation,
    Snapshot,
    Transaction,
)

if TYPE_CHECKING:
    from typing import Literal

    from raceexplore.kernel.world import World
    from raceexplore.sim.postgres.engine.rows import Heap, Row, Version

    Policy = Literal["wait", "nowait", "skip"]


class Database:
    """Tables and transactions.

    heaps: by the name of the table. commits: how many there were. active: the transactions in
    progress. numbers: the number of the next transaction that writes, as the server counts them.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.heaps: dict[str, Heap] = {}
        self.commits = 0
        self.numbers = 1
        self.writers: dict[Transaction, int] = {}
        self.active: dict[Transaction, None] = {}
        self.serializability = Serializability()
        self.telling = Telling(world)

    def begin(self, client: Client, isolation: Isolation) -> Transaction:
        """Start a transaction; its snapshot comes with its first statement."""
        transaction = Transaction(client, isolation, self.world.now())
        self.active[transaction] = None
        return transaction

    def snapshot(self, transaction: Transaction) -> Snapshot:
        """Return what the next statement of ``transaction`` sees."""
        transaction.command += 1
        if not transaction.lasting:
            return Snapshot(self.commits, transaction, transaction.command)
        if transaction.sequence < 0:
            transaction.sequence = self.commits
            if transaction.isolation is Isolation.SERIALIZABLE:
                oldest = min(self.writers.values(), default=self.numbers)
                self.serializability.start(transaction, oldest)
            if self.telling.is_on:
                for heap in self.heaps.values():
                    self.telling.scan(heap)
        if self.telling.is_on and transaction.isolation is Isolation.SERIALIZABLE:
            self.telling.other("serializable transactions")
        return Snapshot(transaction.sequence, transaction, transaction.command)

    def commit(self, transaction: Transaction) -> None:
        """Make what ``transaction`` has done visible. Raises `SqlError` if it must not."""
        serializable = transaction in self.serializability.serials
        if serializable:
            if self.telling.is_on:
                self.telling.other("serializable transactions")
            self.serializability.prepare(transaction)
        if self.telling.is_on:
            self._publish(transaction)
        if transaction.changed:
            self.commits += 1
        transaction.committed_at = self.commits
        self._end(transaction, committed=True)
        if not self.active:
            for row, heap in transaction.changed.items():
                heap.tidy(row)
        transaction.undo.clear()

    def roll_back(self, transaction: Transaction) -> None:
        """Take back what ``transaction`` has done."""
        if transaction not in self.active:
            return
        if self.telling.is_on:
            self._tell_locks(transaction)
        transaction.roll_back_to(0)
        self._end(transaction, committed=False)

    def roll_back_to(self, transaction: Transaction, mark: int) -> None:
        """Take back what was done since a savepoint."""
        if self.telling.is_on:
            self._tell_locks(transaction)
        transaction.roll_back_to(mark)
        wake_waiters(transaction)

    def _end(self, transaction: Transaction, *, committed: bool) -> None:
        self.active.pop(transaction, None)
        self.writers.pop(transaction, None)
        self.serializability.end(transaction, committed=committed, next_number=self.numbers)
        release(transaction)

    def _publish(self, transaction: Transaction) -> None:
        for row, heap in transaction.changed.items():
            before = [v for v in row.versions if v.by is not transaction]
            old = before[-1].values if before else None
            self.telling.publish(heap, row, old, row.versions[-1].values)
        self._tell_locks(transaction)

    def _tell_locks(self, transaction: Transaction) -> None:
        for row, heap in transaction.changed.items():
            for name in self.key_names(heap, row):
                self.telling.lock(heap, name)
        for row in transaction.locked:
            if row not in transaction.changed:
                self.telling.lock(row.heap, row.name, row.locks[transaction])

    def key_names(self, heap: Heap, row: Row) -> list[str]:
        """Return what the unique keys of all versions of ``row`` are called."""
        found = {row.name: None}
        for index in heap.indexes:
            for version in row.versions:
                if version.values is not None:
                    found[heap.key_name(index, index.key(version.values))] = None
        return list(found)

    def write(self, transaction: Transaction) -> None:
        """Note that ``transaction`` is about to change or lock something."""
        if transaction not in self.writers:
            self.writers[transaction] = self.numbers
            self.numbers += 1

    def try_lock(self, transaction: Transaction, row: Row, mode: Mode) -> bool:
        """Lock ``row`` if nobody is in the way, and return whether that is so."""
        self.write(transaction)
        if self.telling.is_on:
            self.telling.lock(row.heap, row.name, mode)
        held = row.locks.get(transaction)
        if held is not None and held >= mode:
            return True
        if blocked(row, transaction, mode):
            return False
        take(transaction, row, mode)
        return True

    async def lock(
        self, transaction: Transaction, row: Row, mode: Mode, policy: Policy = "wait"
    ) -> bool:
        """Lock ``row``; False if it is locked by others and to be skipped.

        Raises `SqlError`: not available (NOWAIT), deadlock, time-out.
        """
        if self.try_lock(transaction, row, mode):
            return True
        if policy == "skip":
            return False
        if policy == "nowait":
            what = f'could not obtain lock on row in relation "{row.heap.name}"'
            raise SqlError("55P03", what)
        what = f"a row lock ({MODES[mode]}) on {row.heap.name}{row.name}"
        request = Request(transaction, what)
        request.row, request.mode = row, mode
        await wait_for_row(self.world, request, lambda: self._tell_lock(row, mode))
        return True

    def _tell_lock(self, row: Row, mode: Mode) -> None:
        if self.telling.is_on:
            self.telling.lock(row.heap, row.name, mode)

    def unlock(self, transaction: Transaction, row: Row) -> None:
        """Give back a lock on a row that turns out to be deleted."""
        if row.versions[-1].values is None and row not in transaction.changed:
            give_back(transaction, row, None)

    async def wait_for(self, transaction: Transaction, other: Transaction, what: str) -> None:
        """Wait until ``other`` has ended, or has gone back to a savepoint."""
        request = Request(transaction, what)
        request.other = other
        await wait(self.world, request, transaction.client.patience)

    def newest(self, snapshot: Snapshot, row: Row, mode: Mode) -> Version | None:
        """Return the version of the locked ``row`` to work on; None if it is deleted.

        Who shares a key goes on with what it has seen, as long as the key is the same. Raises
        `SqlError` if the transaction's snapshot lasts and is older than that.
        """
        transaction = snapshot.transaction
        version = row.newest(transaction)
        if version is None:
            return None
        by = version.by
        if mode is Mode.KEY_SHARE and version.values is not None:
            seen = row.seen(snapshot)
            if seen is not None and row.keeps_key(seen):
                return seen
        is_new = by is not None and by is not transaction and by.committed_at > snapshot.sequence
        if is_new and transaction.lasting:
            raise serialization_failure("update" if version.values is not None else "delete")
        return version if version.values is not None else None

    def rows(self, table: str) -> list[tuple[object, ...]]:
        """Return the committed rows of ``table``, in the order in which they lie."""
        heap = self.heaps[table]
        if self.telling.is_on:
            self.telling.scan(heap)
        found = []
        for row in heap.rows:
            done = [v for v in row.versions if v.by is None or v.by.committed_at < NEVER]
            if done and done[-1].values is not None:
                found.append((done[-1].place, done[-1].values))
        return [values for _, values in sorted(found, key=lambda pair: pair[0])]


MODES = {
    Mode.KEY_SHARE: "FOR KEY SHARE",
    Mode.SHARE: "FOR SHARE",
    Mode.NO_KEY_UPDATE: "FOR NO KEY UPDATE",
    Mode.UPDATE: "FOR UPDATE",
}

"""Serializable snapshot isolation: read-write conflicts, and who has to fail because of them.

What the server does is in Ports and Grittner, Serializable Snapshot Isolation in PostgreSQL, VLDB
2012. A transaction that reads what a concurrent one overwrites comes before it; two such conflicts
in a row, in and out of one *pivot*, may close a cycle once the last of the three has committed
first. The rules below decide by the numbers of commits, as its predicate.c does, which is why a
harmless schedule may fail in the same cases. What is read is remembered by row, by index (a young
table's index is one page) and by table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from raceexplore.sim.postgres.engine.errors import SqlError
from raceexplore.sim.postgres.engine.transactions import NEVER

if TYPE_CHECKING:
    from raceexplore.sim.postgres.engine.rows import Heap, Index, Row
    from raceexplore.sim.postgres.engine.transactions import Transaction

    Target = Row | Heap | Index

PIVOT = "could not serialize access due to read/write dependencies among transactions"


def _canceled(reason: str) -> SqlError:
    """Return the failure of a transaction that could be no part of any serial order."""
    detail, hint = (
        f"Reason code: Canceled on {reason}.",
        "The transaction might succeed if retried.",
    )
    return SqlError("40001", PIVOT, detail=detail, hint=hint)


class Serial:
    """One serializable transaction, as far as the others must know of it.

    conflicts_out: the transactions that overwrote what this one read; conflicts_in: those that read
    what this one overwrote. before: the number of the last commit before its snapshot. oldest: the
    oldest transaction that ran then. prepared and committed: numbers of its own commit; `NEVER`
    before. finished: the first transaction that starts after its end. earliest_out: the first
    commit among its conflicts out, once it has committed itself.
    """

    __slots__ = (
        "before", "committed", "conflicts_in", "conflicts_out", "doomed", "earliest_out",
        "finished", "oldest", "prepared", "read_only", "transaction", "wrote",
    )  # fmt: skip

    def __init__(self, transaction: Transaction, before: int, oldest: int) -> None:
        self.transaction, self.before, self.oldest = transaction, before, oldest
        self.conflicts_in: dict[Serial, None] = {}
        self.conflicts_out: dict[Serial, None] = {}
        self.prepared = self.committed = self.earliest_out = NEVER
        self.finished = 0
        self.doomed = self.wrote = False
        self.read_only = transaction.read_only

    @property
    def is_committed(self) -> bool:
        """Whether it has committed."""
        return self.committed < NEVER

    @property
    def is_prepared(self) -> bool:
        """Whether it is past the check before its commit."""
        return self.prepared < NEVER

    def check(self, during: str) -> None:
        """Fail if another transaction's doing has doomed this one; during: what it is about."""
        if self.doomed:
            raise _canceled(f"identification as a pivot, during {during}")


class Serializability:
    """The conflicts among the serializable transactions of one server."""

    def __init__(self) -> None:
        self.serials: dict[Transaction, Serial] = {}
        self.reads: dict[Target, dict[Serial, None]] = {}
        self.last = 0  # number of the last commit
        self.active = 0

    def start(self, transaction: Transaction, oldest: int) -> None:
        """Note that ``transaction`` has taken its snapshot."""
        self.active += 1
        self.serials[transaction] = Serial(transaction, self.last, oldest)

    def read(self, transaction: Transaction, target: Target) -> None:
        """Note that it has read ``target``."""
        self.reads.setdefault(target, {})[self.serials[transaction]] = None

    def look(self, transaction: Transaction, row: Row, sequence: int) -> None:
        """Note that it has come by ``row``, some versions of which may be too new for it.

        sequence: of the last commit that it sees; a foreign key's check sees the newest.
        """
        reader = self.serials[transaction]
        reader.check("conflict out checking")
        for version in row.versions:
            by = version.by
            writer = None if by is None or by is transaction else self.serials.get(by)
            if writer is None or writer.doomed or by is None:
                continue
            if by.committed_at > sequence and not self._is_harmless(reader, writer):
                self._conflict(reader, writer, reader)

    def _is_harmless(self, reader: Serial, writer: Serial) -> bool:
        """Return whether ``reader`` only reads, and ``writer`` depends on nothing it cannot see."""
        return (
            reader.read_only
            and writer.is_committed
            and (writer.earliest_out == NEVER or reader.before < writer.earliest_out)
        )

    def write(self, transaction: Transaction, *targets: Target) -> None:
        """Note that it writes ``targets``, which others may have read."""
        writer = self.serials[transaction]
        writer.check("conflict in checking")
        writer.wrote = True
        for target in targets:
            for reader in list(self.reads.get(target, ())):
                over = reader.is_committed and reader.finished <= writer.oldest
                if reader is not writer and not reader.doomed and not over:
                    self._conflict(reader, writer, writer)

    def _conflict(self, reader: Serial, writer: Serial, actor: Serial) -> None:
        """Note that ``reader`` comes before ``writer``; ``actor``, one of them, has found out."""
        if writer in reader.conflicts_out:
            return
        if self._is_dangerous(reader, writer):
            if actor is writer:
                raise _canceled("identification as a pivot, during write")
            if writer.is_prepared:
                raise _canceled("conflict out to a pivot, during read")
            writer.doomed = True
        reader.conflicts_out[writer] = None
        writer.conflicts_in[reader] = None

    @staticmethod
    def _is_dangerous(reader: Serial, writer: Serial) -> bool:
        """Return whether the new conflict makes two in a row whose end has committed first."""
        if writer.is_committed and writer.earliest_out < NEVER:
            return True
        for last in writer.conflicts_out:
            if (
                last.is_prepared
                and (not reader.is_committed or last.prepared <= reader.committed)
                and (not writer.is_committed or last.prepared <= writer.committed)
                and (not reader.read_only or last.prepared <= reader.before)
            ):
                return True
        if not writer.is_prepared or reader.read_only:
            return False
        return any(
            not first.doomed
            and (not first.is_committed or first.committed >= writer.prepared)
            and (not first.read_only or first.before >= writer.prepared)
            for first in reader.conflicts_in
        )

    def prepare(self, transaction: Transaction) -> None:
        """Check that it may commit; doom the pivot that its commit would make dangerous."""
        serial = self.serials[transaction]
        serial.check("commit attempt")
        for pivot in serial.conflicts_in:
            if not pivot.is_committed and not pivot.doomed:
                self._doom(pivot, serial)
        self.last += 1
        serial.prepared = self.last

    @staticmethod
    def _doom(pivot: Serial, last: Serial) -> None:
        for first in pivot.conflicts_in:
            harmless = first.is_committed or first.read_only or first.doomed
            if first is last or not harmless:
                if pivot.is_prepared:
                    raise _canceled("commit attempt with conflict in from a prepared pivot")
                pivot.doomed = True
                return

    def end(self, transaction: Transaction, *, committed: bool, next_number: int) -> None:
        """Note that it has ended; next_number: of the next transaction that starts."""
        serial = self.serials.get(transaction)
        if serial is None or serial.finished:
            return
        serial.finished = next_number
        self.active -= 1
        if committed:
            self.last += 1
            serial.committed = self.last
            serial.read_only = serial.read_only or not serial.wrote
            ends = [out.prepared for out in serial.conflicts_out if out.is_committed]
            if ends and not serial.read_only:
                serial.earliest_out = min(ends)
        self._let_go(serial, committed=committed)
        if not self.active:
            self.serials.clear()
            self.reads.clear()

    @staticmethod
    def _let_go(serial: Serial, *, committed: bool) -> None:
        """Forget the conflicts that can matter no more."""
        for writer in list(serial.conflicts_out):
            if not committed or writer.is_committed:
                del serial.conflicts_out[writer]
                writer.conflicts_in.pop(serial, None)
        for reader in list(serial.conflicts_in):
            if not committed or reader.is_committed or reader.read_only:
                del serial.conflicts_in[reader]
                reader.conflicts_out.pop(serial, None)
        if not committed:
            serial.doomed = True

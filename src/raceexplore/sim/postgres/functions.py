"""What SQL functions ask of the session: sequences, advisory locks, time, notifications."""

from __future__ import annotations

from typing import TYPE_CHECKING

from raceexplore.sim.postgres.engine.errors import SqlError
from raceexplore.sim.postgres.engine.locks import give_back
from raceexplore.sim.postgres.engine.modes import Mode
from raceexplore.sim.postgres.engine.transactions import Isolation, Transaction
from raceexplore.sim.postgres.sql.values.types import Moment, moment

if TYPE_CHECKING:
    from raceexplore.sim.postgres.session import Session

EPOCH_S = 1_767_225_600.0  # where virtual time starts: 2026-01-01


class Functions:
    """The functions of one session.

    owner: stands for the session where it has locks that outlive its transactions.
    """

    def __init__(self, session: Session) -> None:
        self.session, self.shared, self.database = session, session.shared, session.database
        self.owner = Transaction(session.client, Isolation.READ_COMMITTED, 0.0)
        self._held: dict[tuple[tuple[int, ...], Mode], int] = {}
        self._last_values: dict[str, int] = {}

    @property
    def transaction(self) -> Transaction:
        """The transaction in progress: a function never runs without one."""
        transaction = self.session.transaction
        assert transaction is not None
        return transaction

    def now(self) -> Moment:
        """Return the time at which the transaction started."""
        return moment(EPOCH_S + self.transaction.started_s)

    def clock(self) -> Moment:
        """Return the time now."""
        return moment(EPOCH_S + self.session.world.now())

    def number(self) -> int:
        """Return the number of the session, which stands for a process id."""
        return self.session.client.number

    def next_value(self, name: str) -> int:
        """Return the next value of a sequence, which no transaction takes back."""
        value = self._sequence(name)
        self.shared.sequences[name] = value + 1
        self._last_values.pop(name, None)  # the last one is at the end
        self._last_values[name] = value
        return value

    def current_value(self, name: str) -> int:
        """Return the value that the session has got last."""
        self._sequence(name)
        if name not in self._last_values:
            message = f'currval of sequence "{name}" is not yet defined in this session'
            raise SqlError("55000", message)
        return self._last_values[name]

    def last_value(self) -> int:
        """Return the value that the session has got last of any sequence."""
        if not self._last_values:
            raise SqlError("55000", "lastval is not yet defined in this session")
        return list(self._last_values.values())[-1]

    def set_value(self, name: str, value: int) -> int:
        """Make ``value`` the last one of a sequence."""
        self._sequence(name)
        self.shared.sequences[name] = value + 1
        return value

    def _sequence(self, name: str) -> int:
        if name not in self.shared.sequences:
            raise SqlError("42P01", f'relation "{name}" does not exist')
        if self.database.telling.is_on:
            self.database.telling.other(f"sequence {name}")
        return self.shared.sequences[name]

    def notify(self, channel: str, payload: str = "") -> str:
        """Tell who listens, once the transaction commits."""
        notice = (channel, payload or "")
        transaction = self.transaction
        transaction.notices.append(notice)
        transaction.undo.append(transaction.notices.pop)
        return ""

    async def sleep(self, seconds: float) -> str:
        """Let virtual time pass in the server."""
        await self.session.world.sleep(float(seconds))
        return ""

    async def lock_advisory(self, *key: int) -> str:
        """Take an advisory lock for the session."""
        return await self._lock(key, Mode.UPDATE)

    async def lock_advisory_shared(self, *key: int) -> str:
        """Take an advisory lock for the session, which others may share."""
        return await self._lock(key, Mode.SHARE)

    async def _lock(self, key: tuple[int, ...], mode: Mode) -> str:
        await self.database.lock(self.owner, self.shared.lock(key), mode)
        self._held[key, mode] = self._held.get((key, mode), 0) + 1
        return ""

    async def lock_advisory_in_transaction(self, *key: int) -> str:
        """Take an advisory lock for the transaction."""
        await self.database.lock(self.transaction, self.shared.lock(key), Mode.UPDATE)
        return ""

    async def lock_advisory_shared_in_transaction(self, *key: int) -> str:
        """Take an advisory lock for the transaction, which others may share."""
        await self.database.lock(self.transaction, self.shared.lock(key), Mode.SHARE)
        return ""

    def try_advisory(self, *key: int) -> bool:
        """Take an advisory lock for the session if nobody has it."""
        return self._try(key, Mode.UPDATE)

    def try_advisory_shared(self, *key: int) -> bool:
        """Take an advisory lock for the session if nobody has it alone."""
        return self._try(key, Mode.SHARE)

    def _try(self, key: tuple[int, ...], mode: Mode) -> bool:
        got = self.database.try_lock(self.owner, self.shared.lock(key), mode)
        if got:
            self._held[key, mode] = self._held.get((key, mode), 0) + 1
        return got

    def try_advisory_in_transaction(self, *key: int) -> bool:
        """Take an advisory lock for the transaction if nobody has it."""
        return self.database.try_lock(self.transaction, self.shared.lock(key), Mode.UPDATE)

    def try_advisory_shared_in_transaction(self, *key: int) -> bool:
        """Take an advisory lock for the transaction if nobody has it alone."""
        return self.database.try_lock(self.transaction, self.shared.lock(key), Mode.SHARE)

    def unlock_advisory(self, *key: int) -> bool:
        """Give back an advisory lock of the session; false if it has none."""
        return self._unlock(key, Mode.UPDATE)

    def unlock_advisory_shared(self, *key: int) -> bool:
        """Give back a shared advisory lock of the session; false if it has none."""
        return self._unlock(key, Mode.SHARE)

    def _unlock(self, key: tuple[int, ...], mode: Mode) -> bool:
        row = self.shared.lock(key)
        if self.database.telling.is_on:
            self.database.telling.lock(row.heap, row.name)
        if not self._held.get((key, mode)):
            return False
        self._held[key, mode] -= 1
        if not self._held[key, mode]:
            left = [other for other in (Mode.SHARE, Mode.UPDATE) if self._held.get((key, other))]
            give_back(self.owner, row, left[0] if left else None)
        return True

    def unlock_all_advisory(self) -> str:
        """Give back all advisory locks of the session."""
        for key, mode in list(self._held):
            while self._held[key, mode]:
                self._unlock(key, mode)
        return ""

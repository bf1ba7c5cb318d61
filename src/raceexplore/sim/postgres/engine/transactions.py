"""Transactions: their isolation, what they see, what they have done and how to undo it."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from raceexplore.sim.postgres.engine.locks import Request
    from raceexplore.sim.postgres.engine.rows import Row
    from raceexplore.sim.postgres.engine.timeouts import Patience

NEVER = 1 << 62  # later than every commit


class Isolation(Enum):
    """The three levels that PostgreSQL has; READ UNCOMMITTED is the first of them there."""

    READ_COMMITTED = "read committed"
    REPEATABLE_READ = "repeatable read"
    SERIALIZABLE = "serializable"


class Client:
    """Who runs transactions, one at a time.

    number: the session's, from 1, in the order of connecting. path: the task that connected.
    patience: its time-outs. waiting: the request that it waits for.
    """

    __slots__ = ("number", "path", "patience", "waiting")

    def __init__(self, number: int, path: str, patience: Patience) -> None:
        self.number, self.path, self.patience = number, path, patience
        self.waiting: Request | None = None


class Transaction:
    """One transaction.

    client: who runs it. committed_at: the number of its commit, `NEVER` before. command: the
    number of its statement in progress; a statement does not see its own changes. undo: what takes
    back its changes, last in first out. locked: the rows that it has locked. changed: the rows
    that it has new versions of, and their tables. notices: what it tells others once it commits.
    waiters: those who wait for its end. started_s: virtual time of its start, which is ``now()``.
    """

    __slots__ = (
        "changed", "client", "command", "committed_at", "isolation", "locked", "notices",
        "read_only", "sequence", "started_s", "undo", "waiters",
    )  # fmt: skip

    def __init__(self, client: Client, isolation: Isolation, started_s: float) -> None:
        self.client, self.isolation, self.started_s = client, isolation, started_s
        self.read_only = False
        self.committed_at, self.command = NEVER, 0
        self.sequence = -1  # of the last commit that it sees, once it has a lasting snapshot
        self.undo: list[Callable[[], Any]] = []
        self.locked: dict[Row, None] = {}
        self.changed: dict[Row, Any] = {}
        self.notices: list[tuple[str, str]] = []
        self.waiters: dict[Request, None] = {}

    @property
    def lasting(self) -> bool:
        """Whether one snapshot serves for all its statements."""
        return self.isolation is not Isolation.READ_COMMITTED

    def roll_back_to(self, mark: int) -> None:
        """Take back what was done since ``undo`` was ``mark`` long."""
        while len(self.undo) > mark:
            self.undo.pop()()


class Snapshot(NamedTuple):
    """What a statement sees: commits up to ``sequence``, and its own earlier changes."""

    sequence: int
    transaction: Transaction
    command: int

"""FOR UPDATE and its like: locking a row that a query has found, and looking at it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from raceexplore.sim.postgres.engine.database import Policy
    from raceexplore.sim.postgres.engine.modes import Mode
    from raceexplore.sim.postgres.engine.rows import Row
    from raceexplore.sim.postgres.sql.values.scope import Running


class Result(NamedTuple):
    """What a statement answers: rows, if it gives any, and how many it touched.

    tag: the server's word for what it did, e.g. ``UPDATE``.
    """

    rows: list[tuple[Any, ...]] | None
    touched: int
    tag: str


class Locking(NamedTuple):
    """A FOR clause: how to lock, what to do where others have, and which sources."""

    mode: Mode
    policy: Policy
    places: tuple[int, ...]


async def lock_newest(row: Row, mode: Mode, policy: Policy, running: Running) -> Any:
    """Lock ``row`` and return its newest values; None: it is to be skipped, or deleted."""
    database, transaction = running.database, running.snapshot.transaction
    if not await database.lock(transaction, row, mode, policy):
        return None
    version = database.newest(running.snapshot, row, mode)
    if version is None or version.values is None:
        database.telling.absent(row.heap, row.name)
        database.unlock(transaction, row)
        return None
    if database.telling.is_on:
        columns = range(len(row.heap.columns))
        database.telling.read(row.heap, row, version.values, columns)
    return version.values

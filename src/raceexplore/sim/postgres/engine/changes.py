"""Inserting, updating and deleting one row: its locks, its unique keys, its new version."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from raceexplore.sim.postgres.engine.errors import SqlError
from raceexplore.sim.postgres.engine.locks import give_back
from raceexplore.sim.postgres.engine.modes import Mode
from raceexplore.sim.postgres.engine.transactions import NEVER, Isolation

if TYPE_CHECKING:
    from raceexplore.sim.postgres.engine.database import Database
    from raceexplore.sim.postgres.engine.rows import Heap, Index, Row, Values
    from raceexplore.sim.postgres.engine.transactions import Transaction


async def insert(database: Database, transaction: Transaction, heap: Heap, values: Values) -> Row:
    """Add a row, which nobody else sees before the commit. Raises 23505 for a key that is taken."""
    database.write(transaction)
    if transaction.isolation is Isolation.SERIALIZABLE:
        database.serializability.write(transaction, heap)
    for index in heap.indexes:
        await check_unique(database, transaction, heap, index, values)
    name = heap.row_name(values)
    row = heap.add(values, transaction, transaction.command, name)
    row.locks[transaction] = Mode.UPDATE
    transaction.locked[row] = None
    transaction.changed[row] = heap
    transaction.undo.append(partial(_take_back_insert, transaction, heap, row))
    if database.telling.is_on:
        for key_name in database.key_names(heap, row):
            database.telling.lock(heap, key_name)
    return row


def _take_back_insert(transaction: Transaction, heap: Heap, row: Row) -> None:
    heap.take_back(row)
    transaction.changed.pop(row, None)
    give_back(transaction, row, None)


def put(
    database: Database, transaction: Transaction, heap: Heap, row: Row, values: Values | None
) -> None:
    """Add a version of a row that the transaction has locked; None deletes the row."""
    first = row not in transaction.changed
    heap.put(row, values, transaction, transaction.command)
    transaction.changed[row] = heap
    transaction.undo.append(partial(_take_back, transaction, heap, row, first=first))
    if database.telling.is_on:
        for name in database.key_names(heap, row):
            database.telling.lock(heap, name)


def _take_back(transaction: Transaction, heap: Heap, row: Row, *, first: bool) -> None:
    heap.take_back(row)
    if first:
        transaction.changed.pop(row, None)


def tell_serializable(database: Database, transaction: Transaction, heap: Heap, row: Row) -> None:
    """Tell the serializable transactions that ``row`` is about to be replaced.

    An index is written only if a key of it changes (`check_unique`): else the new version lies
    beside the old one.
    """
    if transaction.isolation is Isolation.SERIALIZABLE:
        database.serializability.write(transaction, row, heap)


async def check_unique(
    database: Database,
    transaction: Transaction,
    heap: Heap,
    index: Index,
    values: Values,
    *,
    row: Row | None = None,
) -> None:
    """Raise 23505 if another row has the key of ``values``; wait for those who may have it."""
    found = await find_duplicate(database, transaction, heap, index, values, row=row)
    if transaction.isolation is Isolation.SERIALIZABLE:
        database.serializability.write(transaction, index)  # before the key is found to be taken
    if found is not None:
        name = heap.constraint(index)
        key = ", ".join(str(value) for value in index.key(values))
        columns = ", ".join(heap.columns[column] for column in index.columns)
        raise SqlError(
            "23505",
            f'duplicate key value violates unique constraint "{name}"',
            table=heap.name,
            constraint=name,
            detail=f"Key ({columns})=({key}) already exists.",
        )


async def find_duplicate(
    database: Database,
    transaction: Transaction,
    heap: Heap,
    index: Index,
    values: Values,
    *,
    row: Row | None = None,
) -> Row | None:
    """Return another live row with the key of ``values``, waiting for who is about to decide it."""
    key = index.key(values)
    if None in key:
        return None
    while True:
        if database.telling.is_on:
            database.telling.lock(heap, heap.key_name(index, key))
        busy: Transaction | None = None
        for other in index.find(key):
            writer = other.writer(transaction)
            if other is row:
                continue
            if writer is None and _has(other, index, key):
                return other
            if writer is not None and _may_have(other, index, key):
                busy = writer
        if busy is None:
            return None
        what = f"the transaction that has {heap.name}{heap.key_name(index, key)}"
        await database.wait_for(transaction, busy, what)


def _has(row: Row, index: Index, key: tuple[object, ...]) -> bool:
    last = row.versions[-1].values
    return last is not None and index.key(last) == key


def _may_have(row: Row, index: Index, key: tuple[object, ...]) -> bool:
    """Return whether ``row`` has ``key`` if its writer commits, or if it rolls back."""
    for version in reversed(row.versions):
        if version.values is not None and index.key(version.values) == key:
            return True
        if version.by is None or version.by.committed_at < NEVER:
            return False
    return False

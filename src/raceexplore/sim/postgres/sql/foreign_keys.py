"""Foreign keys: after a statement, what points must point at a row, and may not lose it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raceexplore.sim.postgres.engine import changes
from raceexplore.sim.postgres.engine.errors import SqlError
from raceexplore.sim.postgres.engine.modes import Mode
from raceexplore.sim.postgres.engine.transactions import Snapshot
from raceexplore.sim.postgres.sql.sources import is_serializable, note_look, note_scan
from raceexplore.sim.postgres.sql.values.types import as_text

if TYPE_CHECKING:
    from raceexplore.sim.postgres.engine.rows import Heap, Index, Row, Values
    from raceexplore.sim.postgres.sql.tables import Catalog, Foreign, Table
    from raceexplore.sim.postgres.sql.values.scope import Running

Change = tuple["Row", "Values | None", "Values | None"]  # the row, its values before and after


async def check(catalog: Catalog, table: Table, done: list[Change], running: Running) -> None:
    """Check what the statement has done to rows of ``table``. Raises 23503."""
    if not table.foreign and not table.pointed:
        return
    for row, old, new in done:
        for foreign in table.foreign:
            if new is not None and row.versions[-1].values is new:
                await _must_point(foreign, old, new, running)
        for foreign in table.pointed:
            if old is not None:
                await _must_not_be_missed(catalog, foreign, (old, new), running)


def _latest(running: Running, *, always: bool) -> Snapshot:
    """Return what a check sees: in READ COMMITTED, or ``always``, the newest commits."""
    snapshot, database = running.snapshot, running.database
    transaction = snapshot.transaction
    sequence = snapshot.sequence if transaction.lasting and not always else database.commits
    return Snapshot(sequence, transaction, transaction.command + 1)


async def _must_point(foreign: Foreign, old: Values | None, new: Values, running: Running) -> None:
    key = tuple([new[place] for place in foreign.columns])
    if None in key or (old is not None and key == tuple(old[p] for p in foreign.columns)):
        return
    database, snapshot = running.database, _latest(running, always=False)
    heap = database.heaps[foreign.target]
    index = heap.indexes[foreign.number]
    row = _find(heap, index, key, snapshot)
    if is_serializable(running):
        note_look(index, index.find(key), [row] if row is not None else [], running)
    if row is not None:
        await database.lock(snapshot.transaction, row, Mode.KEY_SHARE)
        newest = database.newest(snapshot, row, Mode.KEY_SHARE)
        if newest is not None and newest.values is not None and index.key(newest.values) == key:
            return
        database.unlock(snapshot.transaction, row)
    columns = ", ".join(database.heaps[foreign.table].columns[p] for p in foreign.columns)
    raise SqlError(
        "23503",
        f'insert or update on table "{foreign.table}" violates foreign key constraint'
        f' "{foreign.name}"',
        table=foreign.table,
        constraint=foreign.name,
        detail=f"Key ({columns})=({', '.join(map(str, key))}) is not present in table"
        f' "{foreign.target}".',
    )


def _find(heap: Heap, index: Index, key: tuple[Any, ...], snapshot: Snapshot) -> Row | None:
    for row in index.find(key):
        version = row.seen(snapshot)
        if version is not None and version.values is not None and index.key(version.values) == key:
            return row
    return None


async def _must_not_be_missed(
    catalog: Catalog, foreign: Foreign, values: tuple[Values, Values | None], running: Running
) -> None:
    old, new = values
    database, snapshot = running.database, _latest(running, always=True)
    index = database.heaps[foreign.target].indexes[foreign.number]
    key = index.key(old)
    if None in key or (new is not None and index.key(new) == key):
        return
    heap, target = database.heaps[foreign.table], database.heaps[foreign.target]
    index_columns = [target.columns[place] for place in index.columns]
    note_scan(heap, running, snapshot)
    pointing = [
        (row, version.values)
        for row, version in heap.scan(snapshot)
        if version.values is not None and tuple(version.values[p] for p in foreign.columns) == key
    ]
    if new is not None or not foreign.on_delete:  # ON UPDATE is NO ACTION: else it was refused
        if not await _is_missed(foreign, key, [row for row, _ in pointing], running):
            return
        raise SqlError(
            "23503",
            f'update or delete on table "{foreign.target}" violates foreign key constraint'
            f' "{foreign.name}" on table "{foreign.table}"',
            table=foreign.table,
            constraint=foreign.name,
            detail=f"Key ({', '.join(index_columns)})=({', '.join(map(as_text, key))}) is still"
            f' referenced from table "{foreign.table}".',
        )
    done: list[Change] = []
    for row, held in pointing:
        wiped = None if foreign.on_delete == "CASCADE" else _without(held, foreign.columns)
        mode = Mode.UPDATE if wiped is None else Mode.NO_KEY_UPDATE
        await database.lock(snapshot.transaction, row, mode)
        newest = database.newest(snapshot, row, mode)
        if newest is not None:
            changes.put(database, snapshot.transaction, heap, row, wiped)
            done.append((row, newest.values, wiped))
    if done:
        await check(catalog, catalog.tables[foreign.table], done, running)


async def _is_missed(
    foreign: Foreign, key: tuple[Any, ...], rows: list[Row], running: Running
) -> bool:
    """Return whether one of ``rows`` really points at ``key``, once its writers have ended."""
    database, snapshot = running.database, _latest(running, always=True)
    for row in rows:
        await database.lock(snapshot.transaction, row, Mode.KEY_SHARE)
        version = database.newest(snapshot, row, Mode.KEY_SHARE)
        values = None if version is None else version.values
        if values is not None and tuple(values[place] for place in foreign.columns) == key:
            return True
        database.unlock(snapshot.transaction, row)
    return False


def _without(values: Values, places: tuple[int, ...]) -> Values:
    return tuple([None if place in places else value for place, value in enumerate(values)])

"""The client of the simulated server has psycopg's shape: parameters, cursors, transactions."""

from __future__ import annotations

from decimal import Decimal

import psycopg
import pytest
from psycopg.rows import dict_row

from postgres_client import SCHEMA, ask
from raceexplore import Replay, World, run_once
from raceexplore.sim.postgres import AsyncConnection, Postgres, scalar_row


def test_parameters_are_psycopgs() -> None:
    async def client(conn: AsyncConnection) -> None:
        cursor = await conn.execute("SELECT id FROM item WHERE price > %s ORDER BY id", (2,))
        assert await cursor.fetchall() == [(1,), (2,)]
        cursor = await conn.execute("SELECT %(a)s + %(b)s, '100%%'", {"a": 1, "b": 2})
        assert await cursor.fetchone() == (3, "100%")
        cursor = await conn.execute("SELECT id FROM item WHERE id = ANY(%s) ORDER BY id", ([3, 1],))
        assert await cursor.fetchall() == [(1,), (3,)]
        cursor = await conn.execute("SELECT id FROM item WHERE id = %s", ("2",))
        assert await cursor.fetchone() == (2,)
        with pytest.raises(psycopg.ProgrammingError, match="2 placeholders but 1 parameters"):
            await conn.execute("SELECT %s, %s", (1,))

    ask(client)


def test_a_cursor_counts_fetches_and_names_its_columns() -> None:
    async def client(conn: AsyncConnection) -> None:
        async with conn.cursor() as cursor:
            assert cursor.rowcount == -1
            await cursor.execute("SELECT id AS number, price FROM item ORDER BY id")
            assert [column.name for column in cursor.description or ()] == ["number", "price"]
            assert (cursor.rowcount, cursor.statusmessage) == (3, "SELECT 3")
            assert await cursor.fetchmany(2) == [(1, Decimal("5.00")), (2, Decimal("7.50"))]
            assert [row async for row in cursor] == [(3, Decimal("1.00"))]
            await cursor.execute("UPDATE item SET price = price + 1 WHERE id < 3")
            assert (cursor.rowcount, cursor.statusmessage) == (2, "UPDATE 2")
            with pytest.raises(psycopg.ProgrammingError, match="didn't produce records"):
                await cursor.fetchone()
            await cursor.executemany("INSERT INTO item (price) VALUES (%s)", [(1,), (2,)])
            assert cursor.rowcount == 2

    ask(client)


def test_row_factories_are_psycopgs_or_ours() -> None:
    async def client(conn: AsyncConnection) -> None:
        async with conn.cursor(row_factory=dict_row) as cursor:
            await cursor.execute("SELECT id, name FROM seller WHERE id = 1")
            assert await cursor.fetchone() == {"id": 1, "name": "ann"}
        async with conn.cursor(row_factory=scalar_row) as cursor:
            await cursor.execute("SELECT name FROM seller ORDER BY id")
            assert await cursor.fetchall() == ["ann", "bob"]

    ask(client)


def test_on_conflict_does_nothing_or_updates_with_what_was_excluded() -> None:
    async def client(conn: AsyncConnection) -> None:
        upsert = (
            "INSERT INTO seller VALUES (%s, %s) ON CONFLICT (id) DO UPDATE"
            " SET name = excluded.name || '+' || seller.name WHERE seller.name <> 'bob' RETURNING *"
        )
        assert await (await conn.execute(upsert, (1, "cem"))).fetchall() == [(1, "cem+ann")]
        assert await (await conn.execute(upsert, (2, "cem"))).fetchall() == []
        assert await (await conn.execute(upsert, (3, "cem"))).fetchall() == [(3, "cem")]
        nothing = await conn.execute("INSERT INTO seller VALUES (1, 'x') ON CONFLICT DO NOTHING")
        assert nothing.rowcount == 0

    ask(client)


async def insert_two(conn: AsyncConnection) -> None:
    async with conn.transaction():
        await conn.execute("INSERT INTO seller VALUES (4, 'dan')")
        await conn.execute("INSERT INTO seller VALUES (1, 'eve')")


def test_a_transaction_block_commits_nests_and_rolls_back() -> None:
    async def client(conn: AsyncConnection) -> None:
        async with conn.transaction():
            await conn.execute("INSERT INTO seller VALUES (3, 'cem')")
            with pytest.raises(psycopg.errors.UniqueViolation):
                await insert_two(conn)
            await conn.execute("INSERT INTO seller VALUES (5, 'fay')")
        cursor = await conn.execute("SELECT id FROM seller ORDER BY id")
        assert await cursor.fetchall() == [(1,), (2,), (3,), (5,)]
        async with conn.transaction(force_rollback=True):
            await conn.execute("DELETE FROM seller")
        cursor = await conn.execute("SELECT count(*) FROM seller")
        assert await cursor.fetchone() == (4,)

    ask(client, autocommit=True)


def test_a_failed_transaction_takes_nothing_but_its_end() -> None:
    async def client(conn: AsyncConnection) -> None:
        await conn.execute("INSERT INTO seller VALUES (3, 'cem')")
        with pytest.raises(psycopg.errors.DivisionByZero):
            await conn.execute("SELECT 1 / 0")
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            await conn.execute("SELECT 1")
        await conn.commit()
        cursor = await conn.execute("SELECT count(*) FROM seller")
        assert await cursor.fetchone() == (2,)

    ask(client)


def test_deleting_a_row_deletes_what_points_at_it_where_the_schema_says_so() -> None:
    async def client(conn: AsyncConnection) -> None:
        await conn.execute("DELETE FROM seller WHERE id = 1")
        cursor = await conn.execute("SELECT id FROM item")
        assert await cursor.fetchall() == [(3,)]

    ask(client)


def test_notifications_come_with_the_commit_and_only_then() -> None:
    heard: list[tuple[str, str, float]] = []

    async def program(world: World) -> None:
        db = Postgres(world, SCHEMA)

        async def listen() -> None:
            async with db.connection(autocommit=True) as conn:
                await conn.execute("LISTEN jobs")
                notice = await anext(conn.notifies(stop_after=1))
                heard.append((notice.channel, notice.payload, world.now()))

        world.spawn(listen)
        await world.sleep(1)
        async with db.connection() as conn:
            await conn.execute("NOTIFY jobs, 'first'")
            await world.sleep(1)
            await conn.rollback()
            await conn.execute("SELECT pg_notify('jobs', %s)", ("second",))
            await world.sleep(1)
        await world.sleep(1)

    scheduler = Replay()
    scheduler.begin()
    assert run_once(program, scheduler).outcome == "passed"
    assert heard == [("jobs", "second", 3)]


def test_virtual_time_is_the_servers_time() -> None:
    async def program(world: World) -> None:
        db = Postgres(world, SCHEMA)
        async with db.connection() as conn:
            started = await (await conn.execute("SELECT now()")).fetchone()
            await conn.execute("SELECT pg_sleep(90)")
            cursor = await conn.execute("SELECT now(), clock_timestamp() - interval '1.5 minutes'")
            assert await cursor.fetchone() == (started[0], started[0])
        assert world.now() == 90

    scheduler = Replay()
    scheduler.begin()
    run = run_once(program, scheduler)
    assert run.outcome == "passed", run.failure

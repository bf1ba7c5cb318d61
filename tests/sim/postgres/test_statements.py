"""What one client can say to the simulated server in SQL, and what it is answered."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import psycopg
import pytest

from postgres_client import ask
from raceexplore import Replay, World, run_once
from raceexplore.sim.postgres import AsyncConnection, Postgres, Unmodelled


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("SELECT 1 + 2 * 3, 7 / 2, -7 / 2, -7 % 3, 7.0 / 2", [(7, 3, -3, -1, Decimal("3.5"))]),
        ("SELECT NULL = NULL, NULL OR true, NULL AND false, NOT NULL", [(None, True, False, None)]),
        ("SELECT 1 IN (2, NULL), 2 IN (2, NULL), 1 NOT IN (2, NULL)", [(None, True, None)]),
        ("SELECT count(*), count(label), sum(price), min(id), max(id) FROM item",
         [(3, 0, Decimal("13.50"), 1, 3)]),
        ("SELECT sum(id) FROM item WHERE id > 100", [(None,)]),
        (("SELECT s.name, i.price FROM seller s JOIN item i ON i.seller_id = s.id WHERE i.price > 1"
         " ORDER BY i.price DESC"), [("ann", Decimal("7.50")), ("ann", Decimal("5.00"))]),
        (("SELECT s.id, i.id FROM seller s LEFT JOIN item i ON i.seller_id = s.id AND i.price > 2"
         " ORDER BY 1, 2"), [(1, 1), (1, 2), (2, None)]),
        (("SELECT name FROM seller s WHERE NOT EXISTS"
         " (SELECT 1 FROM item WHERE seller_id = s.id AND price > 2)"), [("bob",)]),
        ("SELECT (SELECT max(price) FROM item WHERE seller_id = s.id) FROM seller s ORDER BY 1",
         [(Decimal("1.00"),), (Decimal("7.50"),)]),
        ("SELECT id FROM item ORDER BY id LIMIT 1 OFFSET 1", [(2,)]),
        ("SELECT CASE WHEN price > 6 THEN 'dear' ELSE 'cheap' END FROM item ORDER BY id",
         [("cheap",), ("dear",), ("cheap",)]),
        ("SELECT name FROM seller WHERE name LIKE 'a%' OR name ILIKE 'B_B' ORDER BY name",
         [("ann",), ("bob",)]),
        ("WITH dear AS (SELECT id FROM item WHERE price > 2) SELECT count(*) FROM dear", [(2,)]),
        ("SELECT nextval('numbers'), nextval('numbers')", [(1, 2)]),
        ("SELECT coalesce(label, 'none'), nullif(id, 1) FROM item ORDER BY id LIMIT 1",
         [("none", None)]),
    ],
)  # fmt: skip
def test_a_query_is_answered_as_by_the_real_server(text: str, rows: list[Any]) -> None:
    async def client(conn: AsyncConnection) -> None:
        assert await (await conn.execute(text)).fetchall() == rows

    ask(client)


@pytest.mark.parametrize(
    ("text", "state", "words"),
    [
        ("SELEC 1", "42601", 'syntax error at or near "SELEC"\nLINE 1: SELEC 1\n        ^'),
        ("SELECT price FROM item WHERE id = = 1", "42601", 'syntax error at or near "="'),
        ("SELECT cost FROM item", "42703",
         'column "cost" does not exist\nLINE 1: SELECT cost FROM item\n               ^'),
        ("SELECT 1 FROM things", "42P01", 'relation "things" does not exist'),
        ("SELECT x.id FROM item", "42P01", 'missing FROM-clause entry for table "x"'),
        ("SELECT id FROM item JOIN seller ON true", "42702", 'column reference "id" is ambiguous'),
        ("SELECT nothing()", "42883", "function nothing() does not exist"),
        ("SELECT 1 / 0", "22012", "division by zero"),
        ("SELECT 'x'::int", "22P02", 'invalid input syntax for type integer: "x"'),
        ("SELECT 2000000000 + 2000000000", "22003", "integer out of range"),
        ("SELECT 1 WHERE name = 1", "42703", 'column "name" does not exist'),
        ("SELECT 1 FROM seller WHERE name = 1", "42883", "operator does not exist: text = integer"),
        ("INSERT INTO seller VALUES (1, 'cem')", "23505", 'unique constraint "seller_pkey"'),
        ("INSERT INTO seller VALUES (3, 'ann')", "23505", 'unique constraint "seller_name_key"'),
        ("INSERT INTO seller VALUES (3)", "23502", 'null value in column "name"'),
        ("INSERT INTO item (price) VALUES (0)", "23514", '"item_price_check"'),
        ("INSERT INTO item (seller_id) VALUES (9)", "23503", '"item_seller_id_fkey"'),
        ("INSERT INTO item (label) VALUES ('too long')", "22001", "character varying(5)"),
        ("UPDATE seller SET nick = 'x'", "42703", 'column "nick" of relation "seller"'),
        ("SELECT id, count(*) FROM item", "42803", "must appear in the GROUP BY clause"),
        ("SAVEPOINT s; SELECT 1", "42601", "syntax error"),
        ("ROLLBACK TO nowhere", "3B001", 'savepoint "nowhere" does not exist'),
    ],
)  # fmt: skip
def test_an_error_is_psycopgs_own_with_the_servers_sqlstate(
    text: str, state: str, words: str
) -> None:
    async def client(conn: AsyncConnection) -> None:
        with pytest.raises(psycopg.Error) as caught:
            await conn.execute(text)
        assert (caught.value.sqlstate, caught.value.diag.sqlstate) == (state, state)
        assert words in str(caught.value)

    ask(client)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("SELECT DISTINCT ON (price) price FROM item", "DISTINCT ON (price)"),
        ("SELECT 1; SELECT 2", "several statements in one execute()"),
        ("SELECT 1 FROM shop.item", "schemas: shop.item"),
        ("SELECT id FROM item TABLESAMPLE SYSTEM (10)", "TABLESAMPLE"),
        ("SELECT id FROM item ORDER BY id FETCH FIRST 1 ROW WITH TIES", "with_ties"),
        ("SELECT sum(price) FILTER (WHERE id > 1) FROM item", "FILTER"),
        ("SELECT s.one FROM (SELECT 1) AS s (one)", "(columns)"),
        ("SELECT 1 UNION SELECT 2", "SELECT ... UNION"),
        ("SELECT row_number() OVER () FROM item", "OVER"),
        ("CREATE TABLE more (id int)", "CREATE while the program runs"),
        ("LOCK TABLE item", "LOCK TABLE"),
        ("SELECT gen_random_uuid()", "GEN_RANDOM_UUID"),
        ("SET role = 'x'", "SET role"),
    ],
)
def test_what_is_not_modelled_is_refused_by_name(text: str, what: str) -> None:
    async def client(conn: AsyncConnection) -> None:
        await conn.execute(text)

    with pytest.raises(Unmodelled, match="Unmodelled: ") as caught:
        ask(client)
    assert what.lower() in str(caught.value).lower()


def test_a_schema_with_an_error_says_where() -> None:
    async def program(world: World) -> None:
        Postgres(world, "CREATE TABLE t (id int PRIMARY KEY, x nonsense)")

    scheduler = Replay()
    scheduler.begin()
    with pytest.raises(Unmodelled, match="type"):
        run_once(program, scheduler)

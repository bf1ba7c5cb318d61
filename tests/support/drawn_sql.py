"""Programs of two or three SQL sessions, drawn from a number: the same number, the same program."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

SCHEMA = """
CREATE TABLE a (id int PRIMARY KEY, v int NOT NULL CHECK (v > -50), k text UNIQUE);
CREATE TABLE b (id int PRIMARY KEY, a_id int REFERENCES a (id), n numeric(8,2) DEFAULT 1.5);
CREATE TABLE c (x int, y int);
INSERT INTO a VALUES (1, 10, 'p'), (2, 20, 'q'), (3, 30, NULL);
INSERT INTO b VALUES (1, 1, 2.50), (2, 2, DEFAULT);
INSERT INTO c VALUES (1, 1), (2, 1), (3, 2);
"""
TABLES = ("a", "b", "c")
LEVELS = ("READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")
MODES = ("FOR UPDATE", "FOR NO KEY UPDATE", "FOR SHARE", "FOR KEY SHARE")
POLICIES = ("", "", " NOWAIT", " SKIP LOCKED")


class Drawn(NamedTuple):
    """A program: statements by session, and the numbers that choose their order."""

    sessions: list[list[str]]
    word: list[int]


def drawn(entropy: int, *, levels: tuple[str, ...] = LEVELS) -> Drawn:
    """Return the program of number ``entropy``."""
    random = Random(entropy)
    count = random.choice((2, 2, 3))
    level = random.choice(levels)
    sessions = [_session(random, level if random.random() < 0.8 else random.choice(levels))
                for _ in range(count)]  # fmt: skip
    if any("SERIALIZABLE" in text for session in sessions for text in session):
        # with LIMIT the real server goes by the index of the order, and reads less
        sessions = [[text.replace(" LIMIT 1", "") for text in session] for session in sessions]
        sessions = [[text.replace(" LIMIT 2", "") for text in session] for session in sessions]
    return Drawn(sessions, [random.randrange(6) for _ in range(30)])


def _session(random: Random, level: str) -> list[str]:
    body = [_statement(random) for _ in range(random.randint(1, 4))]
    if random.random() < 0.15:
        place = random.randrange(len(body) + 1)
        body = [*body[:place], "SAVEPOINT s", _statement(random), "ROLLBACK TO s", *body[place:]]
    if random.random() < 0.15:
        return body[:2]
    end = "COMMIT" if random.random() < 0.85 else "ROLLBACK"
    return [f"BEGIN ISOLATION LEVEL {level}", *body, end]


def _statement(random: Random) -> str:
    kind = random.choice(("select", "select", "lock", "lock", "update", "update", "update",
                          "insert", "insert", "upsert", "delete", "sub", "other"))  # fmt: skip
    return STATEMENTS[kind](random)


def _where(random: Random) -> str:
    number = random.randint(1, 4)
    return random.choice((
        f"id = {number}", f"id = {number}", f"id = {number}", f"v > {number * 10 - 5}", "true",
        f"v < {number * 10}", "k IS NULL",
        f"k = '{random.choice('pqr')}'", f"id IN ({number}, {number % 3 + 1})",
        f"id = {number} AND v < 25", f"id BETWEEN {number - 1} AND {number}",
    ))  # fmt: skip


def _select(random: Random) -> str:
    return random.choice((
        f"SELECT id, v, k FROM a WHERE {_where(random)} ORDER BY id",
        f"SELECT count(*), sum(v), min(v), max(k) FROM a WHERE {_where(random)}",
        "SELECT a.id, b.n FROM a JOIN b ON b.a_id = a.id ORDER BY a.id, b.id",
        "SELECT a.id, b.id FROM a LEFT JOIN b ON b.a_id = a.id ORDER BY 1, 2",
        "SELECT x, y FROM c ORDER BY x, y",
        (f"SELECT v FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.a_id = a.id) AND {_where(random)}"
        " ORDER BY v"),
        f"SELECT id, v + 1 FROM a WHERE {_where(random)} ORDER BY v DESC, id LIMIT 2",
    ))  # fmt: skip


def _lock(random: Random) -> str:
    mode, policy = random.choice(MODES), random.choice(POLICIES)
    limit = random.choice(("", "", " LIMIT 1"))
    return f"SELECT id, v FROM a WHERE {_where(random)} ORDER BY id{limit} {mode}{policy}"


def _update(random: Random) -> str:
    number = random.randint(1, 9)
    tail = random.choice(("", "", " RETURNING id, v"))
    return random.choice((
        f"UPDATE a SET v = v + {number} WHERE id = {random.randint(1, 3)}{tail}",
        f"UPDATE a SET v = v - {number} WHERE id = {random.randint(1, 3)}",
        f"UPDATE a SET v = {number} WHERE {_where(random)}",
        f"UPDATE a SET v = v + 15 WHERE v < {number * 4}",
        f"UPDATE a SET k = '{random.choice('pqrs')}' WHERE id = {random.randint(1, 4)}",
        f"UPDATE a SET id = {random.randint(3, 5)} WHERE id = {random.randint(1, 4)}",
        f"UPDATE b SET a_id = {random.randint(1, 4)} WHERE id = {random.randint(1, 2)}",
        f"UPDATE c SET y = y + 1 WHERE x = {random.randint(1, 3)} RETURNING x, y",
        f"UPDATE a SET v = v - 40 WHERE id = {random.randint(1, 3)}",
    ))  # fmt: skip


def _insert(random: Random) -> str:
    number = random.randint(3, 6)
    return random.choice((
        f"INSERT INTO a (id, v) VALUES ({number}, {number * 10})",
        f"INSERT INTO a VALUES ({number}, 1, '{random.choice('pqrs')}') RETURNING id",
        f"INSERT INTO b (id, a_id) VALUES ({number}, {random.randint(1, 5)}) RETURNING n",
        f"INSERT INTO c VALUES ({number}, 1), ({number}, 2)",
        f"INSERT INTO c SELECT id, v FROM a WHERE {_where(random)}",
    ))  # fmt: skip


def _upsert(random: Random) -> str:
    number, key = random.randint(2, 6), random.choice("pqrs")
    return random.choice((
        f"INSERT INTO a (id, v) VALUES ({number}, 1) ON CONFLICT DO NOTHING",
        f"INSERT INTO a VALUES ({number}, 1, '{key}') ON CONFLICT (k) DO NOTHING",
        (f"INSERT INTO a (id, v) VALUES ({number}, 7) ON CONFLICT (id) DO UPDATE"
        " SET v = a.v + excluded.v RETURNING v"),
        (f"INSERT INTO a VALUES ({number}, 1, '{key}') ON CONFLICT (k) DO UPDATE SET v = a.v + 1"
        " WHERE a.v < 25"),
    ))  # fmt: skip


def _delete(random: Random) -> str:
    return random.choice((
        f"DELETE FROM a WHERE id = {random.randint(1, 5)}",
        f"DELETE FROM b WHERE id = {random.randint(1, 3)}",
        f"DELETE FROM a WHERE {_where(random)} RETURNING id",
        "DELETE FROM c WHERE y = 1",
        "DELETE FROM b USING a WHERE b.a_id = a.id AND a.v > 15",
    ))  # fmt: skip


def _sub(random: Random) -> str:
    policy = random.choice(("", " SKIP LOCKED"))
    return random.choice((
        ("UPDATE a SET v = v + 1 WHERE id = (SELECT id FROM a WHERE v > 5 ORDER BY id LIMIT 1"
        f" FOR UPDATE{policy}) RETURNING id"),
        "UPDATE a SET v = (SELECT max(v) FROM a) + 1 WHERE id = 1",
        "UPDATE a SET v = v + b.id FROM b WHERE b.a_id = a.id AND b.id = 1",
        "DELETE FROM c WHERE x IN (SELECT id FROM a WHERE v > 15)",
        "INSERT INTO c SELECT count(*), 0 FROM a",
        "UPDATE a SET v = v + 1 WHERE id IN (SELECT a_id FROM b WHERE id = 2)",
    ))  # fmt: skip


def _other(random: Random) -> str:
    number = random.randint(1, 2)
    return random.choice((
        f"SELECT pg_advisory_xact_lock({number})",
        f"SELECT pg_try_advisory_xact_lock({number})",
        f"SELECT pg_advisory_lock({number})",
        f"SELECT pg_advisory_unlock({number})",
        "SELECT 1 / 0",
        "SELECT nothing FROM a",
        "SELECT coalesce(NULL, 3), 7 / 2, -7 / 2, -7 % 3, 1.5 * 2, NULL = 1, 'a' || 'b'",
    ))  # fmt: skip


STATEMENTS = {
    "select": _select,
    "lock": _lock,
    "update": _update,
    "insert": _insert,
    "upsert": _upsert,
    "delete": _delete,
    "sub": _sub,
    "other": _other,
}

"""What events tell of the server is exact: a proof sees all that a search of every order sees."""

from __future__ import annotations

from pathlib import Path

import pytest

from drawn_sql import LEVELS, SCHEMA, TABLES, drawn
from printed_outcomes import Outcomes

PROGRAM = """
import trio

from raceexplore.sim.postgres import Postgres, errors

SCHEMA, TABLES, SESSIONS, LEVEL = {given!r}


async def client(db, texts, results):
    conn = await db.connection()
    await conn.set_isolation_level(LEVEL)
    for text in [*texts, "COMMIT"]:
        try:
            cursor = await conn.execute(text)
            results.append(await cursor.fetchall() if cursor.description else cursor.rowcount)
        except errors.Error as error:
            results.append(error.sqlstate)


async def main(world):
    db, results = Postgres(world, SCHEMA), []
    async with trio.open_nursery() as nursery:
        for texts in SESSIONS:
            results.append([])
            nursery.start_soon(client, db, texts, results[-1])
    rows = [sorted(db.query("SELECT * FROM " + table), key=repr) for table in TABLES]
    print(results, rows)
"""


def statements_of(entropy: int, level: str) -> list[list[str]]:
    """Return one or two statements for each of two sessions."""
    sessions = drawn(entropy, levels=(level,)).sessions[:2]
    skipped = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "SELECT pg_advisory_lock")
    kept = [[text for text in session if not text.startswith(skipped)] for session in sessions]
    return [session[: 1 + entropy % 2] for session in kept]


def outcomes(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    sessions: list[list[str]],
    level: str = "READ COMMITTED",
) -> Outcomes:
    given = SCHEMA, TABLES, sessions, level.lower()
    return Outcomes(folder, capsys, PROGRAM.format(given=given))


@pytest.mark.parametrize("entropy", [15, 27, 45])
def test_a_proof_sees_what_every_order_can_bring(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], entropy: int
) -> None:
    level = LEVELS[entropy % 3]
    assert outcomes(tmp_path, capsys, statements_of(entropy, level), level).agree() > 1


def test_a_proof_sees_a_row_read_by_its_key_before_and_after_a_commit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read, write = "SELECT v FROM a WHERE id = 1", "UPDATE a SET v = 11 WHERE id = 1"
    assert outcomes(tmp_path, capsys, [[read], [write]]).agree() == 2


@pytest.mark.slow
@pytest.mark.parametrize("entropy", range(1, 161, 4))
def test_a_proof_of_any_drawn_program_sees_what_every_order_can_bring(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], entropy: int
) -> None:
    level = LEVELS[entropy % 3]
    outcomes(tmp_path, capsys, statements_of(entropy, level), level).agree()


SHARED = """
import trio

from raceexplore.sim.postgres import Postgres, errors


async def update(conn, seen):
    await conn.execute("UPDATE row SET n = n + 1")
    await conn.commit()
    seen.append("committed")


async def take_back(conn, seen):
    cursor = await conn.execute("SELECT n FROM row")
    seen.append(await cursor.fetchone())
    await conn.rollback()


async def main(world):
    db, seen = Postgres(world, "CREATE TABLE row (n int); INSERT INTO row VALUES (0);"), []
    conn = await db.connection()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(update, conn, seen)
        nursery.start_soon(take_back, conn, seen)
    print(sorted(map(str, seen)), db.query("SELECT n FROM row"))
"""


def test_a_proof_sees_what_comes_of_a_connection_that_two_tasks_share(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Outcomes(tmp_path, capsys, SHARED).agree() == 2

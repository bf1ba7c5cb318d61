"""What events tell of the server is exact: a proof sees all that a search of every order sees."""

from __future__ import annotations

from typing import Any

import pytest
import trio

from drawn_sql import LEVELS, SCHEMA, TABLES, drawn
from raceexplore import Campaign, World, explore
from raceexplore.sim.postgres import Postgres, errors

BUDGET = 6_000


def statements_of(entropy: int, level: str) -> list[list[str]]:
    """Return one or two statements for each of two sessions."""
    sessions = drawn(entropy, levels=(level,)).sessions[:2]
    skipped = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "SELECT pg_advisory_lock")
    kept = [[text for text in session if not text.startswith(skipped)] for session in sessions]
    return [session[: 1 + entropy % 2] for session in kept]


async def client(db: Postgres, texts: list[str], level: str, results: list[Any]) -> None:
    conn = await db.connection()
    await conn.set_isolation_level(level.lower())
    for text in [*texts, "COMMIT"]:
        try:
            cursor = await conn.execute(text)
            results.append(await cursor.fetchall() if cursor.description else cursor.rowcount)
        except errors.Error as error:
            results.append(error.sqlstate)


def outcomes(entropy: int, level: str, scheduler: str) -> tuple[set[str], Campaign]:
    """Return what can come of a drawn program, as ``scheduler`` sees it."""
    sessions, seen = statements_of(entropy, level), set()

    async def program(world: World) -> None:
        db = Postgres(world, SCHEMA)
        results: list[list[Any]] = [[], []]
        async with trio.open_nursery() as nursery:
            for texts, answers in zip(sessions, results, strict=True):
                nursery.start_soon(client, db, texts, level, answers)
        rows = [sorted(db.query(f"SELECT * FROM {table}"), key=repr) for table in TABLES]
        seen.add(repr((results, rows)))

    campaign = explore(program, scheduler=scheduler, budget=BUDGET, stop="never", shrink=False)
    assert campaign.failures == ()
    return seen, campaign


def agree(entropy: int) -> None:
    level = LEVELS[entropy % 3]
    every, search = outcomes(entropy, level, "dfs")
    proved, proof = outcomes(entropy, level, "dpor")
    assert proof.complete
    assert proved >= every
    if search.complete:
        assert (proved, proof.runs <= search.runs) == (every, True)


@pytest.mark.parametrize("entropy", range(0, 12, 2))
def test_a_proof_sees_what_every_order_can_bring(entropy: int) -> None:
    agree(entropy)


@pytest.mark.slow
@pytest.mark.parametrize("entropy", range(12, 80))
def test_a_proof_of_a_longer_program_sees_what_every_order_can_bring(entropy: int) -> None:
    agree(entropy)

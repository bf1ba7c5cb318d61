"""The same programs on a real PostgreSQL: what the simulator finds is there, and runs repeat."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
import trio

from golden_sessions import SCHEMA, buy, move
from raceexplore import ChoicePoint, Run, World, explore, run_once
from raceexplore.search.corpus.replay import replay_seed
from raceexplore.search.programs.load import load_program
from raceexplore.sim import Unmodelled
from raceexplore.sim.postgres import Postgres
from raceexplore.sim.real import servers
from raceexplore.sim.real.trouble import ServerTrouble
from simulated import passed

pytestmark = pytest.mark.xdist_group("postgres")
MODELS = Path(__file__).resolve().parents[3] / "models"
ROW = "CREATE TABLE row (id int PRIMARY KEY, n int NOT NULL); INSERT INTO row VALUES (1, 0);"
LOCK = "SELECT n FROM row WHERE id = 1 FOR UPDATE"
GOLDEN = {
    "read committed": [buy("READ COMMITTED")] * 2,
    "for update": [buy("READ COMMITTED", "FOR UPDATE")] * 2,
    "repeatable read": [buy("REPEATABLE READ")] * 2,
    "serializable": [buy("SERIALIZABLE")] * 2,
    "opposite order": [move(1, 2), move(2, 1)],
    "same order": [move(1, 2), move(1, 2)],
}
REPLAYS = 3


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("bank_transfer/buggy.py", "invariant"),
        ("bank_transfer/wrong_fix_lock_order.py", "DeadlockDetected"),
        ("job_queue/wrong_fix_lease.py", "AssertionError"),
    ],
)
def test_a_race_that_the_simulator_finds_is_there_on_the_real_server(
    postgres_dsn: str, model: str, kind: str
) -> None:
    program = load_program(str(MODELS / model))
    found = explore(program, explain=False).failures[0]
    with servers(postgres=postgres_dsn):
        replayed = replay_seed(found.run.seed, program)
    assert found.kind == kind
    assert (replayed.reproduced, replayed.skipped) == (True, ())


def test_a_fix_holds_on_the_real_server_and_a_bug_is_found_there(postgres_dsn: str) -> None:
    with servers(postgres=postgres_dsn) as real:
        fixed = explore(load_program(str(MODELS / "bank_transfer/fixed.py")), budget=10)
        buggy = explore(load_program(str(MODELS / "bank_transfer/buggy.py")), explain=False)
    assert real.names[0].startswith("PostgreSQL 1")
    assert (fixed.failures, fixed.runs) == ((), 10)
    assert buggy.failures[0].kind == "invariant"


def databases(dsn: str) -> list[str]:
    with psycopg.connect(dsn) as conn:
        rows = conn.execute("SELECT datname FROM pg_database ORDER BY 1").fetchall()
    return [name for (name,) in rows]


def test_databases_are_made_for_the_block_and_those_of_the_killed_are_dropped(
    postgres_dsn: str,
) -> None:
    before = databases(postgres_dsn)
    with psycopg.connect(postgres_dsn, autocommit=True) as conn:
        conn.execute("CREATE DATABASE raceexplore_0123abcd_0")
        conn.execute("CREATE DATABASE raceexplore_of_mine")

    async def program(world: World) -> None:
        names = [Postgres(world, ROW).query("SELECT current_database()") for _ in range(2)]
        assert names[0] != names[1]
        assert not {"raceexplore_0123abcd_0", *before} & {names[0][0][0], names[1][0][0]}

    with servers(postgres=postgres_dsn):
        passed(program)
    after = databases(postgres_dsn)
    with psycopg.connect(postgres_dsn, autocommit=True) as conn:
        conn.execute("DROP DATABASE raceexplore_of_mine")
    assert after == sorted([*before, "raceexplore_of_mine"])


def test_a_time_out_passes_in_virtual_time_and_the_clock_in_the_server_is_the_run_s(
    postgres_dsn: str,
) -> None:
    async def program(world: World) -> None:
        db = Postgres(world, f"{ROW} ALTER TABLE row ADD at timestamptz DEFAULT now();")
        async with db.connection() as first, db.connection(autocommit=True) as second:
            await first.execute(LOCK)
            await second.execute("SET lock_timeout = '3600s'")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                await second.execute(LOCK)
            assert world.now() == 3600
            await first.rollback()
            cursor = await second.execute(
                "SELECT CURRENT_TIMESTAMP - at, extract(year from now())::int,"
                " 'CURRENT_TIMESTAMP', clock_timestamp() = now() FROM row"
            )
            (passed_by, year, word, same) = await cursor.fetchone()
            assert passed_by.total_seconds() == 3600
            assert (year, word, same) == (2026, "CURRENT_TIMESTAMP", True)
            with pytest.raises(Unmodelled, match="pg_sleep"):
                await second.execute("SELECT pg_sleep(1)")

    with servers(postgres=postgres_dsn):
        passed(program)


def test_a_cancelled_wait_is_taken_back_and_who_waits_behind_goes_on(postgres_dsn: str) -> None:
    async def program(world: World) -> None:
        db, log = Postgres(world, ROW), []

        async def impatient() -> None:
            with trio.move_on_after(1):
                async with db.connection() as conn:
                    await conn.execute(LOCK)
            log.append("gave up")

        async def patient() -> None:
            async with db.connection() as conn:
                await conn.execute("UPDATE row SET n = n + 1 WHERE id = 1")
            log.append("updated")

        async with trio.open_nursery() as nursery, db.connection() as holder:
            await holder.execute(LOCK)
            nursery.start_soon(impatient)
            nursery.start_soon(patient)
            await trio.sleep(2)
            log.append("commits")
            await holder.commit()
        assert log == ["gave up", "commits", "updated"]
        assert db.query("SELECT n FROM row") == [(1,)]

    with servers(postgres=postgres_dsn):
        passed(program)


def test_errors_parameters_and_notifications_are_the_server_s_own(postgres_dsn: str) -> None:
    async def program(world: World) -> None:
        db, heard = Postgres(world, ROW), []

        async def listen() -> None:
            async with db.connection(autocommit=True) as conn:
                await conn.execute("LISTEN sales")
                notes = [note async for note in conn.notifies(stop_after=1)]
                heard.extend([(note.channel, note.payload) for note in notes])

        async with trio.open_nursery() as nursery, db.connection(autocommit=True) as conn:
            nursery.start_soon(listen)
            await trio.sleep(1)
            await conn.execute("SELECT pg_notify('sales', %s)", ("one",))
            with pytest.raises(psycopg.errors.UndefinedColumn, match="LINE 1"):
                await conn.execute("SELECT m FROM row WHERE id = %(id)s", {"id": 1})
            with pytest.raises(psycopg.errors.UniqueViolation):
                await conn.execute("INSERT INTO row VALUES (%s, %s)", (1, 2))
            grouped = await conn.execute("SELECT n, count(*) FROM row GROUP BY n")
            assert (await grouped.fetchall(), grouped.statusmessage) == ([(0, 1)], "SELECT 1")
        assert heard == [("sales", "one")]

    with servers(postgres=postgres_dsn):
        passed(program)


class Word:
    """A scheduler that takes its choices from the bits of a number."""

    def __init__(self, bits: int) -> None:
        self.bits, self.left = bits, bits

    def begin(self) -> bool:
        """Start over."""
        self.left = self.bits
        return True

    def choose(self, point: ChoicePoint) -> int:
        """Return the next bit, if it is an index."""
        self.left, bit = divmod(self.left, 2)
        return bit % point.bound

    def end(self, run: Run) -> None:
        """Learn nothing."""


def sessions(programs: list[list[Any]]) -> Any:
    """Return a program that runs statements side by side, and prints into the trace."""

    async def client(world: World, db: Postgres, statements: list[Any]) -> None:
        results: list[Any] = []
        async with db.connection(autocommit=True) as conn:
            for statement in statements:
                text = statement if isinstance(statement, str) else statement(results)
                try:
                    cursor = await conn.execute(text)
                    rows = await cursor.fetchall() if cursor.description else cursor.rowcount
                except psycopg.Error as error:
                    rows = error.sqlstate
                    statements = ()
                results.append(rows)
                world.event("answer", rows=rows)
                if isinstance(rows, str):
                    break

    async def program(world: World) -> None:
        db = Postgres(world, SCHEMA)
        async with trio.open_nursery() as nursery:
            for statements in programs:
                nursery.start_soon(client, world, db, statements)
        world.event("end", rows=sorted(db.query("SELECT * FROM event")))

    return program


def differing(dsn: str, words: range) -> tuple[list[tuple[str, int]], float, set[str]]:
    """Return which words give different runs, how many runs a second there were, and the runs."""
    found, digests, count, began = [], set(), 0, time.perf_counter()
    with servers(postgres=dsn):
        for name, programs in GOLDEN.items():
            program = sessions(programs)
            for bits in words:
                word, seen = Word(bits), set()
                for _ in range(REPLAYS):
                    word.begin()
                    run = run_once(program, word, record=True)
                    assert run.outcome == "passed", run.failure
                    seen.add(run.digest)
                count += REPLAYS
                digests |= seen
                if len(seen) > 1:
                    found.append((name, bits))
    return found, count / (time.perf_counter() - began), digests


def test_words_of_choices_replay_exactly_on_the_real_server(postgres_dsn: str) -> None:
    different, _, digests = differing(postgres_dsn, range(1, 256, 85))
    assert different == []
    assert len(digests) > len(GOLDEN)


@pytest.mark.slow
def test_each_of_256_words_replays_exactly_on_the_real_server(
    postgres_dsn: str, record_property: Any
) -> None:
    different, a_second, _ = differing(postgres_dsn, range(256))
    record_property("printed", f"real PostgreSQL: {a_second:.0f} schedules a second")
    assert different == []


def test_a_server_that_goes_is_no_failure_of_the_program(postgres_dsn: str) -> None:
    async def program(world: World) -> None:
        db = Postgres(world, ROW)
        async with db.connection(autocommit=True) as conn:
            cursor = await conn.execute("SELECT pg_backend_pid()")
            (pid,) = await cursor.fetchone()
            with psycopg.connect(postgres_dsn, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s)", (pid,))
            await conn.execute("SELECT 1")

    with (
        servers(postgres=postgres_dsn),
        pytest.raises(ServerTrouble, match="the real PostgreSQL has gone"),
    ):
        passed(program)

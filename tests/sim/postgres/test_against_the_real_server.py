"""The simulated server against a real one: the same programs, the same orders, the same answers.

They are skipped, and say so, where no PostgreSQL is installed; in CI they fail instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest
import trio

import sql_scripts
from anomalies import ANOMALIES, steps_of
from anomalies import SCHEMA as TEST
from drawn_sql import LEVELS, SCHEMA, TABLES, drawn
from golden_sessions import SCHEMA as EVENT
from golden_sessions import buy, move
from real_postgres import Real
from sessions import (
    Choices,
    Done,
    Ordered,
    Outcome,
    Program,
    every_order,
    play,
    scripted,
    simulate,
    ways,
    words,
)  # fmt: skip

pytestmark = pytest.mark.xdist_group("postgres")
GOLDEN: dict[str, list[Program]] = {
    "read committed": [buy("READ COMMITTED")] * 2,
    "for update": [buy("READ COMMITTED", "FOR UPDATE")] * 2,
    "repeatable read": [buy("REPEATABLE READ")] * 2,
    "serializable": [buy("SERIALIZABLE")] * 2,
    "opposite order": [move(1, 2), move(2, 1)],
    "same order": [move(1, 2), move(1, 2)],
}
WAYS_MAX = 20


@pytest.fixture(scope="module")
def real(postgres_dsn: str) -> Iterator[Real]:
    sessions = Real(postgres_dsn, 3)
    yield sessions
    sessions.close()


def fresh(real: Real, schema: str) -> None:
    """Make the tables of ``schema`` anew."""
    real.script(f"DROP SCHEMA public CASCADE; CREATE SCHEMA public; {schema}")


def refill(real: Real, schema: str, tables: tuple[str, ...]) -> None:
    """Put the rows of ``schema`` back into its tables, which are there already."""
    inserts = [line for line in schema.splitlines() if line.startswith("INSERT")]
    real.script(f"TRUNCATE {', '.join(tables)}; {' '.join(inserts)}")


def played(
    real: Real, programs: list[Program], choices: Choices | Ordered, tables: tuple[str, ...]
) -> Outcome:
    log = trio.run(play, real, programs, choices)
    real.reset()
    rows = tuple(tuple(sorted(real.rows(table), key=repr)) for table in tables)
    return Outcome(tuple(log), tuple(choices.bounds), rows)


@pytest.mark.parametrize("name", GOLDEN)
def test_g2_every_order_of_the_golden_programs_goes_the_same_way(real: Real, name: str) -> None:
    fresh(real, EVENT)
    expected = every_order(EVENT, GOLDEN[name], ["event"])
    for choices in words():
        refill(real, EVENT, ("event",))
        found = played(real, GOLDEN[name], choices, ("event",))
        assert found in expected


@pytest.mark.parametrize("level", ["RC", "RR", "SER"])
@pytest.mark.parametrize("anomaly", ANOMALIES)
def test_g1_hermitage_goes_the_same_way(real: Real, anomaly: str, level: str) -> None:
    fresh(real, TEST)
    steps = steps_of(anomaly, level)
    simulated = simulate(TEST, *scripted(steps), ["test"])
    assert played(real, *scripted(steps), ("test",)) == simulated


def agree(real: Real, entropies: range, levels: tuple[str, ...] = LEVELS) -> None:
    """Check that the programs of these numbers go the same way on both servers."""
    fresh(real, SCHEMA)
    different = []
    for entropy in entropies:
        program = drawn(entropy, levels=levels)
        refill(real, SCHEMA, TABLES)
        expected = played(real, program.sessions, Choices(program.word), TABLES)
        # two sessions that one commit wakes race on the real server: then either way is right
        found = ways(SCHEMA, program.sessions, program.word, TABLES)
        if expected not in islice(found, WAYS_MAX):
            different.append(entropy)
    assert different == []


@pytest.mark.parametrize("level", LEVELS)
def test_g3_drawn_programs_go_the_same_way(real: Real, level: str) -> None:
    agree(real, range(10_000, 10_100), (level,))


@pytest.mark.slow
def test_g3_two_thousand_drawn_programs_go_the_same_way(real: Real) -> None:
    agree(real, range(2_000))


@pytest.mark.parametrize("name", sql_scripts.SCRIPTS)
def test_g3_what_strangers_write_is_answered_alike(real: Real, name: str) -> None:
    fresh(real, sql_scripts.SCHEMA)
    steps, tables = sql_scripts.SCRIPTS[name], sql_scripts.TABLES
    expected = simulate(sql_scripts.SCHEMA, *scripted(steps), tables)
    found = played(real, *scripted(steps), tables)
    assert list(map(repr, found.log)) == list(map(repr, expected.log))
    assert found.rows == expected.rows


def test_a_wait_on_the_real_server_is_seen(real: Real) -> None:
    fresh(real, EVENT)
    lock = "SELECT left_ FROM event WHERE id = 1 FOR UPDATE"
    steps = [(0, "BEGIN"), (0, lock), (1, lock), (0, "COMMIT")]
    log = played(real, *scripted(steps), ()).log
    assert [type(entry).__name__ for entry in log] == ["Done", "Done", "Sent", "Done", "Done"]
    assert log[-1] == Done(1, 0, [(1,)])

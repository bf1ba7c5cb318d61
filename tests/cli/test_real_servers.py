"""The options --postgres and --redis, as a user would give them."""

from __future__ import annotations

import json

import pytest

from command import Rx

TILL = """
import trio
from raceexplore.sim.postgres import Postgres

async def main(world):
    db = Postgres(world, "CREATE TABLE till (n int); INSERT INTO till VALUES (0);")

    async def add():
        async with db.connection(autocommit=True) as conn:
            (n,) = await (await conn.execute("SELECT n FROM till")).fetchone()
            await conn.execute("UPDATE till SET n = %s", (n + 1,))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(add)
        nursery.start_soon(add)
    assert db.query("SELECT n FROM till") == [(2,)]
"""


@pytest.mark.xdist_group("postgres")
def test_a_seed_is_confirmed_on_the_real_server(rx: Rx, postgres_dsn: str) -> None:
    found = rx("run", "till.py", "--no-explain", "--format", "json", till=TILL)
    seed = json.loads(found.out)["failures"][0]["seed"]
    there = rx("replay", seed, "--postgres", postgres_dsn)
    assert there.status == 1
    last = there.out.splitlines()[-1]
    assert last.startswith("On PostgreSQL 1")
    assert last.endswith(" it fails in the same way.")
    assert "in databases of our own, which are dropped" in there.err


@pytest.mark.xdist_group("postgres")
def test_a_seed_that_does_not_fail_on_the_real_server_ends_with_0(
    rx: Rx, postgres_dsn: str
) -> None:
    found = rx("run", "till.py", "--no-explain", "--format", "json", till=TILL)
    seed = json.loads(found.out)["failures"][0]["seed"]
    fixed = TILL.replace('SET n = %s", (n + 1,)', 'SET n = n + 1"')
    there = rx("replay", seed, "--postgres", postgres_dsn, till=fixed)
    assert there.status == 0
    assert "it does not fail: the run passed" in there.out.splitlines()[-1]


@pytest.mark.xdist_group("postgres")
def test_a_campaign_runs_on_the_real_server(rx: Rx, postgres_dsn: str) -> None:
    ended = rx("run", "till.py", "--no-explain", "--postgres", postgres_dsn, till=TILL)
    assert (ended.status, ended.out.splitlines()[0][:4]) == (1, "FAIL")


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (
            ["--postgres", "host=127.0.0.1 port=1"],
            "error: the real PostgreSQL: connection",
        ),
        (["--postgres", "somewhere"], 'missing "=" after "somewhere"'),
        (
            ["--redis", "redis://127.0.0.1:1"],
            "error: the real Redis: Error 111 connecting to",
        ),
        (["--redis", "somewhere"], "Redis URL must specify one of the following schemes"),
        (["--redis", "redis://127.0.0.1:1", "-j", "2"], "take one process: leave out --jobs"),
    ],
)
def test_a_server_that_does_not_answer_is_told_in_one_line(
    rx: Rx, options: list[str], line: str
) -> None:
    ended = rx("run", "till.py", *options, till=TILL)
    assert (ended.status, ended.out) == (2, "")
    assert len(ended.err.splitlines()) == 1
    assert line in ended.err

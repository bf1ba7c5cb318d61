"""Explored tests on real servers: --race-postgres and --race-redis."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]
TEST = """
import pytest
from raceexplore.sim.postgres import Postgres

@pytest.mark.raceexplore(budget=3)
async def test_server(world):
    db = Postgres(world, "CREATE TABLE till (n int);")
    assert db.query("SELECT current_database() LIKE 'raceexplore%'") == [(True,)]
"""


def outcome(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    pytester.makepyfile(test_it=TEST)
    plugins = ["-p", "no:xdist", "-p", "no:anyio", "-p", "no:cacheprovider"]
    return pytester.runpytest_inprocess(*plugins, "--race-no-corpus", *options)


@pytest.mark.xdist_group("postgres")
def test_an_explored_test_runs_on_the_real_server(
    pytester: pytest.Pytester, postgres_dsn: str
) -> None:
    outcome(pytester, "--race-postgres", postgres_dsn).assert_outcomes(passed=1)


def test_a_server_that_does_not_answer_fails_the_test_with_one_line(
    pytester: pytest.Pytester,
) -> None:
    ended = outcome(pytester, "--race-redis", "redis://127.0.0.1:1")
    ended.assert_outcomes(failed=1)
    ended.stdout.fnmatch_lines(["*the real Redis: Error 111 connecting to 127.0.0.1:1.*"])

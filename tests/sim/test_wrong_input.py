"""Wrong input to the simulated services, as a new user would give it: one clear line each."""

from __future__ import annotations

from pathlib import Path

import pytest

from command import Rx

SQL = """
from raceexplore.sim.postgres import Postgres

async def main(world):
    db = Postgres(world, {schema!r})
    async with db.connection() as conn:
        await conn.execute({text!r})
"""
TABLE = "CREATE TABLE t (id int);"
STUB = """
from raceexplore.sim.http import Stub

async def main(world):
    Stub.from_wiremock(world, "mappings")
"""
PODS = """
from raceexplore.sim.kubernetes import Hosts

async def main(world):
    Hosts.from_kubernetes(world, "deploy.yaml")
"""
LATENCY = """
from raceexplore.sim import {kind}

async def main(world):
    await {kind}({seconds}).sleep(world, "call")
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec: {containers: [{name: shop, image: shop, resources: {limits: {cpu: fast}}}]}
"""


@pytest.mark.parametrize(
    ("schema", "text", "told"),
    [
        (TABLE, "SELEC id FROM t", 'SyntaxError: syntax error at or near "SELEC"'),
        (TABLE, "SELECT idd FROM t", 'UndefinedColumn: column "idd" does not exist'),
        (TABLE, "SELECT id FROM tt", 'UndefinedTable: relation "tt" does not exist'),
        ("CREATE TABEL t (id int);", "SELECT 1", 'SyntaxError: syntax error at or near "TABEL"'),
    ],
)
def test_sql_that_is_wrong_is_the_server_s_own_error_with_its_position(
    rx: Rx, schema: str, text: str, told: str
) -> None:
    ended = rx("run", "wrong.py", "--no-explain", wrong=SQL.format(schema=schema, text=text))
    first, line, mark = ended.out.splitlines()[:3]
    assert (ended.status, first) == (1, f"FAIL  wrong.py:main  {told}")
    assert line.strip().startswith("LINE 1: ")
    word = told.split('"')[1]
    assert line[mark.index("^") :].startswith(word)


def test_sql_that_is_not_simulated_is_refused_by_name(rx: Rx) -> None:
    text = "SELECT id FROM t UNION SELECT 1"
    ended = rx("run", "wrong.py", wrong=SQL.format(schema=TABLE, text=text))
    assert (ended.status, ended.err) == (2, "error: Unmodelled: SELECT ... UNION\n")


def test_an_unknown_field_of_a_mapping_is_named_with_its_file(rx: Rx, tmp_path: Path) -> None:
    (tmp_path / "mappings").mkdir()
    mapping = '{"request": {"urll": "/x"}, "response": {"status": 200}}'
    (tmp_path / "mappings/a.json").write_text(mapping, encoding="utf-8")
    ended = rx("run", "stub.py", "--no-explain", stub=STUB)
    assert ended.out.splitlines()[0].endswith("mappings/a.json: request: unknown field 'urll'")


@pytest.mark.parametrize(
    ("manifest", "told"),
    [
        (DEPLOYMENT, "Deployment shop: a processor limit is like '250m' or 0.5, not 'fast'"),
        ("kind: [", "deploy.yaml: not YAML: while parsing a flow node"),
    ],
)
def test_a_manifest_that_is_wrong_is_told_in_one_line(
    rx: Rx, tmp_path: Path, manifest: str, told: str
) -> None:
    (tmp_path / "deploy.yaml").write_text(manifest, encoding="utf-8")
    ended = rx("run", "pods.py", pods=PODS)
    assert (ended.status, ended.out, len(ended.err.splitlines())) == (2, "", 1)
    assert told in ended.err


def test_a_manifest_without_limits_limits_nothing(rx: Rx, tmp_path: Path) -> None:
    free = DEPLOYMENT.replace(", resources: {limits: {cpu: fast}}", "")
    (tmp_path / "deploy.yaml").write_text(free, encoding="utf-8")
    ended = rx("run", "pods.py", "--budget", "3", pods=PODS)
    assert (ended.status, ended.err) == (3, "")
    assert "there is nothing to explore" in ended.out


@pytest.mark.parametrize(
    ("kind", "seconds", "told"),
    [
        ("LogNormal", "-0.1, 1.0", "LogNormal: median_s must be above 0, not -0.1"),
        ("Fixed", "-1", "must be 0 or more, not -1"),
        ("Exponential", "-1", "Exponential: mean_s must be above 0, not -1"),
    ],
)
def test_a_latency_below_0_is_refused(rx: Rx, kind: str, seconds: str, told: str) -> None:
    text = LATENCY.format(kind=kind, seconds=seconds)
    ended = rx("run", "late.py", "--no-explain", late=text)
    assert ended.out.startswith("FAIL  late.py:main  ValueError: ")
    assert told in ended.out


def test_a_time_out_below_0_is_refused(rx: Rx) -> None:
    text = SQL.format(schema=TABLE, text="SELECT 1").replace(
        ")\n    async", ", lock_timeout=-1)\n    async", 1
    )
    ended = rx("run", "wrong.py", "--no-explain", wrong=text)
    assert "Postgres: a time-out is 0 s or more, not -1" in ended.out.splitlines()[0]

"""The benchmarks run and print what they promise; no clock is asserted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(*command: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_kernel_benchmark_prints_a_row_for_each_program() -> None:
    found = json.loads(run("benchmarks/kernel.py", "--rounds", "1", "--json"))
    rows = {row["name"]: row for row in found["rows"]}
    assert list(rows) == ["2 x 3", "3 x 10", "10 x 20", "100 x 100", "1,000 x 20", "primitives"]
    # a task with k checkpoints has k + 1 events; the main task opens a nursery and waits: 2 more
    assert rows["2 x 3"]["steps"] == 2 * 4 + 2
    assert rows["1,000 x 20"]["steps"] == 1_000 * 21 + 2
    assert all(row["plain_us"] > 0 and row["controlled_us"] > 0 for row in rows.values())


def test_the_kernel_benchmark_prints_a_table() -> None:
    table = run("benchmarks/kernel.py", "--rounds", "1", "--only", "2 x 3")
    assert "times faster" in table
    assert "2 x 3" in table


def test_the_benchmark_of_hypothesis_measures_every_way() -> None:
    found = json.loads(run("benchmarks/hypothesis.py", "--rounds", "1", "--cases", "20", "--json"))
    assert list(found) == [
        "explore alone",
        "explore, portfolio",
        "Hypothesis, nothing run",
        "joint: schedule, data",
        "joint: schedule",
        "joint, sweep=0",
        "joint, sweep=255",
        "nested: data, 20 each",
    ]
    assert all(cost_us > 0 for cost_us in found.values())


def test_the_memory_benchmark_prints_a_row_for_each_kind_of_run() -> None:
    rows = json.loads(run("benchmarks/memory.py", "--runs", "100", "--json"))["rows"]
    failed = {row["name"]: row["failed"] for row in rows}
    assert failed == {"passes": 0, "fails": 100, "deadlocks": 100, "generators": 0}
    assert all(0 < row["tenth_mb"] < 1_000 and row["runs"] == 100 for row in rows)


def test_the_benchmark_of_shrinking_shrinks_every_program() -> None:
    rows = json.loads(run("benchmarks/shrink.py", "--events", "400", "--json"))["rows"]
    found = {row["name"]: (row["after"], row["one_minimal"]) for row in rows}
    # what each takes; see the program
    # one switch is enough for the first two; what is found needs each of its deviations
    assert found["a narrow gap"] == (1, True)
    assert found["lost update"] in [(1, True), (2, True)]
    assert found["handover"] in [(3, True), (4, True), (5, True)]  # four tasks turned around
    assert all(row["decisions"] > 300 and row["before"] > 100 for row in rows)


def test_the_benchmark_of_observing_prints_a_row_for_each_model() -> None:
    rows = json.loads(run("benchmarks/observe.py", "--rounds", "1", "--json"))["rows"]
    stories = ("cancelled_checkout", "lock_order", "lost_update", "ticketing")
    assert [row["name"] for row in rows] == [
        f"{s}/{f}" for s in stories for f in ("buggy", "fixed")
    ]
    assert all(row["plain_us"] > 0 and row["observed_us"] > 0 and row["events"] > 5 for row in rows)


def test_the_benchmark_of_first_failures_prints_a_row_for_each_model() -> None:
    few = "--rounds", "1", "--entropies", "1"
    rows = json.loads(run("benchmarks/first.py", *few, "--json"))["rows"]
    stories = ["cancelled_checkout", "lock_order", "lost_update", "ticketing"]
    assert [row["name"] for row in rows] == stories
    assert all(row["ratio"] > 0 and row["told_ratio"] > 0 for row in rows)


def test_the_campaign_benchmark_prints_speeds_and_start_up_times() -> None:
    few = "--budget", "40", "--rounds", "1", "--pairs", "1", "--starts", "1"
    found = json.loads(run("benchmarks/campaign.py", *few, "--json"))
    assert [row["name"] for row in found["rows"]] == ["2 x 3", "3 x 10", "10 x 20"]
    assert "raceexplore --help" in found["start_up_ms"]


def test_the_benchmark_of_simulated_services_prints_statements_and_models() -> None:
    rows = json.loads(run("benchmarks/sim.py", "--rounds", "1", "--json"))["rows"]
    units = {row["name"]: row["unit"] for row in rows}
    assert units["SELECT by key"] == "us"
    assert units["bank_transfer/fixed.py"] == "ms"

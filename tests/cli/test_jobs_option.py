"""--jobs: the command in processes of its own: hash seeds, Ctrl-C, and what is left of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import raceexplore
from command import Rx

# whoever runs these tests in the background has Ctrl-C ignored, and children inherit that
LISTEN = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "from raceexplore.cli import main; main()"
)
SOURCE = str(Path(raceexplore.__file__).parents[1])
PATIENCE_S = 60
ORDERS = """
import trio


async def note(order, name):
    for _ in range(3):
        await trio.sleep(0)
        order.append(name)


async def main():
    order = []
    async with trio.open_nursery() as nursery:
        for name in "abcd":
            nursery.start_soon(note, order, name)
    assert "".join(order)[:3] != "dcb"
"""
PASSES = ORDERS.replace("assert", "return").replace('!= "dcb"', "")


def start(folder: Path, *arguments: str, **more: str) -> subprocess.Popen[str]:
    kept = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "CI", "NO_COLOR"}}
    return subprocess.Popen(
        [sys.executable, "-c", LISTEN, "run", *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": SOURCE, **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return sorted(int(child) for file in tasks for child in file.read_text().split())


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def at_work(process: subprocess.Popen[str]) -> list[int]:
    """Wait until the command has workers; return their numbers."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        assert process.poll() is None, process.communicate()
        # the one process that the command has started does it, and has the workers
        if len(found := [pid for child in children(process.pid) for pid in children(child)]) == 2:
            return found
        time.sleep(0.05)
    raise AssertionError("the command has no workers")


def gone(pids: list[int]) -> bool:
    until = time.monotonic() + PATIENCE_S
    while any(map(is_alive, pids)) and time.monotonic() < until:
        time.sleep(0.05)
    return not any(map(is_alive, pids))


def test_hash_seeds_and_jobs_change_nothing(tmp_path: Path) -> None:
    (tmp_path / "orders.py").write_text(ORDERS, encoding="utf-8")
    found: list[Any] = []
    asked = ("--budget", "300", "--stop", "never", "--format", "json")
    for scheduler in ("urw", "portfolio"):
        ways = [("1", "1"), ("2", "2"), ("2", "3")]
        running = [
            start(
                tmp_path,
                "orders.py",
                *asked,
                "--scheduler",
                scheduler,
                "-j",
                jobs,
                PYTHONHASHSEED=seed,
            )
            for jobs, seed in ways
        ]
        values = [json.loads(process.communicate(timeout=PATIENCE_S)[0]) for process in running]
        for value in values:
            del value["seconds"]
        assert values[0]["failures"]
        assert values[1] == values[0]
        assert values[2] == values[0]
        found.append(values[0]["failures"])
    assert found[0] != found[1]


def test_ctrl_c_ends_the_command_and_its_processes_and_keeps_what_was_found(
    tmp_path: Path,
) -> None:
    (tmp_path / "orders.py").write_text(ORDERS, encoding="utf-8")
    process = start(tmp_path, "orders.py", "--budget", "100000000", "--stop", "never",
                    "--scheduler", "random", "-j", "2")  # fmt: skip
    workers = at_work(process)
    until = time.monotonic() + PATIENCE_S
    while not list(tmp_path.glob("corpus/*.json")) and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert "AssertionError" in out
    assert "Traceback" not in err
    assert gone(workers)


def test_workers_end_with_a_command_that_was_killed(tmp_path: Path) -> None:
    (tmp_path / "passes.py").write_text(PASSES, encoding="utf-8")
    process = start(tmp_path, "passes.py", "--budget", "100000000", "--scheduler", "random",
                    "-j", "2")  # fmt: skip
    workers = at_work(process)
    process.kill()
    process.communicate(timeout=PATIENCE_S)
    assert gone(workers)


def test_a_killed_worker_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "passes.py").write_text(PASSES, encoding="utf-8")
    process = start(tmp_path, "passes.py", "--budget", "12000", "--scheduler", "random",
                    "--format", "json", "-j", "2")  # fmt: skip
    os.kill(at_work(process)[0], signal.SIGKILL)
    out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, json.loads(out)["runs"], err) == (0, 12_000, "")


@pytest.mark.parametrize("scheduler", ["dfs", "dpor"])
def test_the_command_says_so_where_the_runs_cannot_be_shared(rx: Rx, scheduler: str) -> None:
    ended = rx("run", "passes.py", "--scheduler", scheduler, "--budget", "5", "-j", "2",
               passes=PASSES)  # fmt: skip
    told = f"note: {scheduler} needs each run to know the next; --jobs 2 changes nothing\n"
    assert (ended.status, ended.err) == (0, told)
    assert rx("run", "passes.py", "--scheduler", "random", "--budget", "5", "-j", "2").err == ""


@pytest.mark.parametrize("jobs", ["0", "-1", "many"])
def test_a_wrong_number_of_jobs_is_wrong_usage(rx: Rx, jobs: str) -> None:
    ended = rx("run", "passes.py", "--jobs", jobs, passes=PASSES)
    assert ended.status == 2
    assert f"--jobs is a number from 1, or auto, not {jobs}" in ended.err


def test_auto_means_one_process_a_processor(rx: Rx) -> None:
    asked = ("run", "passes.py", "--scheduler", "urw", "--budget", "200", "--format", "json")
    shared, alone = rx(*asked, "-j", "auto", passes=PASSES), rx(*asked)
    values = [json.loads(ended.out) for ended in (shared, alone)]
    for value in values:
        del value["seconds"]
    assert values[0] == values[1]

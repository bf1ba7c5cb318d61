"""A test that ends the process of pytest, or gets it stuck: its failure is told, with its seed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = str(Path(__file__).resolve().parents[2] / "src")
PATIENCE_S = 120
TEST = """
import ctypes, itertools, pytest, trio

async def write(order, name):
    await trio.sleep(0)
    order.append(name)

@pytest.mark.raceexplore(wall_s=0.5)
async def test_orders():
    order = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(write, order, "a")
        nursery.start_soon(write, order, "b")
    if order == ["b", "a"]:
        {strikes}
"""


def ended_by(folder: Path, strikes: str, *arguments: str) -> tuple[int, str]:
    """Return status and output of a pytest of its own on a test that strikes in one order."""
    (folder / "test_it.py").write_text(TEST.format(strikes=strikes), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:faulthandler",
         "-p", "raceexplore.pytest_plugin",
         *arguments],
        cwd=folder, stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": SOURCE, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True, text=True, check=False, timeout=PATIENCE_S,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("strikes", "status", "told"),
    [
        ("ctypes.string_at(0)", -signal.SIGSEGV, "process ended: SIGSEGV"),
        ("sum(itertools.repeat(0))", -signal.SIGKILL, "for 0.5 s, in code that is no Python"),
        ("ctypes.CDLL(None)._exit(0)", 1, "process ended: exit status 0"),
    ],
    ids=["dies", "is stuck", "ends as if all were well"],
)
def test_what_ends_pytest_is_told_with_its_schedule(
    tmp_path: Path, strikes: str, status: int, told: str
) -> None:
    ended, out = ended_by(tmp_path, strikes)
    assert ended == status
    assert "raceexplore: test_it.py::test_orders " in out
    assert told in out
    (seed,) = re.findall(r"--race-replay=(rx1-\S+)", out)
    if status == -signal.SIGSEGV:
        again, out = ended_by(tmp_path, strikes, f"--race-replay={seed}")
        assert (again, told in out) == (status, True)


def test_a_test_that_spins_is_given_up_with_its_schedule(tmp_path: Path) -> None:
    ended, out = ended_by(tmp_path, "while True: pass")
    assert ended == 1
    assert "has not reached an await for 0.5 s" in out
    assert "--race-replay=rx1-" in out


def test_no_spare_outlives_its_test(tmp_path: Path) -> None:
    more = """
def test_of_processes():
    import os, pathlib
    me = os.getpid()
    children = pathlib.Path(f"/proc/{me}/task/{me}/children").read_text()
    assert children == ""
    assert signal_handlers_are_plain()

def signal_handlers_are_plain():
    import signal
    return signal.getsignal(signal.SIGINT) is signal.default_int_handler
"""
    ended, out = ended_by(tmp_path, "pass\n" + more)
    assert (ended, "2 passed" in out) == (0, True), out

"""Signals that come from outside: what was found is told, and the process ends as it was asked to.

Each command tells when it is at work by a file that the program makes; nothing here sleeps.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

SOURCE = str(Path(__file__).resolve().parents[2] / "src")
PATIENCE_S = 120
# whoever runs these tests in the background has Ctrl-C ignored, and children inherit that
LISTEN = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"
    "from raceexplore.cli import main; main()"
)
# the second run of one order is the sign: then the first one is kept, and explained or gone on from
FAILS = """
import itertools, os, trio

def tell(sign):
    with open(sign, "wb", buffering=0) as pipe:
        pipe.write(b"x")

async def write(order, name):
    await trio.sleep(0)
    order.append(name)

async def main():
    order = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(write, order, "a")
        nursery.start_soon(write, order, "b")
    if order == ["b", "a"]:
        if os.path.isdir("corpus") and len(os.listdir("corpus")) and os.path.exists("sign"):
            {kept}
        raise ValueError("b first")
"""
STUCK_IN_C = "tell('sign'); sum(itertools.repeat(0))"
GOES_ON = "tell('sign'); os.remove('sign')"


@contextmanager
def at_work(folder: Path, *arguments: str, sign: str = "sign") -> Iterator[subprocess.Popen[str]]:
    """Yield the command once its program has written to the pipe ``sign``."""
    os.mkfifo(folder / sign)
    process = subprocess.Popen(
        [sys.executable, "-c", LISTEN, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": SOURCE, "COLUMNS": "100"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        with (folder / sign).open("rb") as pipe:
            assert pipe.read(1) == b"x", process.communicate()
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def program(folder: Path, kept: str) -> None:
    (folder / "fails.py").write_text(FAILS.format(kept=kept), encoding="utf-8")


RUN = ("run", "fails.py", "--scheduler", "random", "--stop", "never", "--budget", "1000000000")
NOTE = "note: a failure that was found before is kept in corpus/fails-"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["term", "hup"])
def test_who_is_asked_to_end_tells_what_was_found(tmp_path: Path, number: int) -> None:
    program(tmp_path, GOES_ON)
    with at_work(tmp_path, *RUN) as process:
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, err) == (-number, "")
    assert out.startswith("FAIL  fails.py:main  ValueError: b first")
    assert "saved   corpus/fails-" in out


def test_a_signal_to_the_whole_group_still_tells_where_the_failure_is(tmp_path: Path) -> None:
    program(tmp_path, GOES_ON)  # as `timeout` does it, and a shell that is closed
    with at_work(tmp_path, *RUN) as process:
        os.killpg(process.pid, signal.SIGTERM)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out) == (-signal.SIGTERM, "")
    assert err.startswith(NOTE)


def test_a_second_ctrl_c_ends_what_is_stuck_in_c_and_tells_what_was_found(tmp_path: Path) -> None:
    program(tmp_path, STUCK_IN_C)
    with at_work(tmp_path, *RUN, "--wall-limit", "1000") as process:
        os.killpg(process.pid, signal.SIGINT)
        os.killpg(process.pid, signal.SIGINT)
        while process.poll() is None:  # two that come at once are one
            os.killpg(process.pid, signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out) == (130, "")
    note, error = err.splitlines()
    assert note.startswith(NOTE)
    assert error == "error: interrupted"


def test_one_ctrl_c_while_a_failure_is_explained_tells_the_failure(tmp_path: Path) -> None:
    program(tmp_path, "tell('sign'); os.remove('sign')\n            while True: pass")
    with at_work(tmp_path, "run", "fails.py", "--wall-limit", "1000") as process:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, err) == (130, "")
    assert out.startswith("FAIL  fails.py:main  ValueError: b first")
    assert "interrupted" in out


def test_a_killed_command_leaves_no_process_behind(tmp_path: Path) -> None:
    program(tmp_path, STUCK_IN_C)
    with at_work(tmp_path, *RUN, "--wall-limit", "1000") as process:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        (child,) = children.read_text(encoding="utf-8").split()
        watched = os.pidfd_open(int(child))
        process.kill()
        process.communicate(timeout=PATIENCE_S)
        assert select.select([watched], [], [], PATIENCE_S)[0] == [watched]  # it has ended
        os.close(watched)

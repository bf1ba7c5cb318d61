"""The command line as a new user would get it wrong: one clear line, and a status."""

from __future__ import annotations

import re

import pytest

from command import Rx
from small_programs import BANK, SOUND

USES = "\nasync def main():\n"
WRONG: list[tuple[str, str, int, str]] = [
    # name of the case, the program, exit status, the one line
    ("syntax", "async def main(:\n", 2, "syntax.py:1: syntax error: invalid syntax"),
    ("imports", "import no_such_thing\n", 2,
     "imports.py cannot be imported: ModuleNotFoundError: No module named 'no_such_thing'"),
    ("leaves", "raise SystemExit(0)\n", 2, "leaves.py cannot be imported: SystemExit: 0"),
    ("forks", "import os\nos.fork()\n", 2, "forks.py:2 would do this command twice"),
    ("helpers", "def one(): pass\ndef two(): pass\n", 2, "found: plain functions one, two"),
    ("needy", "async def main(a, b): pass\n", 2, "found: async def main(a, b)"),
    ("two", "async def one(): pass\nasync def two(): pass\n", 2,
     "two.py holds 2 programs; name one: two.py:one or two.py:two"),
    ("sockets", f"import socket{USES}    socket.socket()\n", 4, "a real socket at"),
    ("stream", f"import trio{USES}    await trio.open_tcp_stream('a.example', 80)\n", 4,
     "stream.py:3 leaves the controlled world"),
    ("thread", f"import threading{USES}    threading.Thread(target=print).start()\n", 4,
     "a thread at"),
    ("process", f"import subprocess{USES}    subprocess.run(['true'])\n", 4, "a subprocess at"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "status", "line"), WRONG, ids=lambda value: str(value)[:8]
)
def test_a_program_that_cannot_be_explored(
    rx: Rx, name: str, text: str, status: int, line: str
) -> None:
    ended = rx("run", f"{name}.py", "--budget", "3", **{name: text})
    assert (ended.status, ended.out) == (status, "")
    assert len(ended.err.splitlines()) == 1
    assert ended.err.startswith("error: ")
    assert line in ended.err


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ("run nowhere.py", "nowhere.py does not exist"),
        ("run .", ". is a folder; name one of its files: bank.py"),
        ("run bank.py:other", "bank.py has no async function 'other'; it has withdraw, main"),
        ("run bank.py:withdraw", "bank.py:withdraw takes arguments"),
        ("run bank.py --scheduler pct:dept=3", "it has depth=0, length=0"),
        ("doctor bank.py --max-steps 0", "--max-steps must be at least 1, not 0"),
        ("run bank.py --scheduler pct:depth=x", "depth is a whole number, not 'x'"),
        ("run bank.py --scheduler pctt", "no scheduler 'pctt' (did you mean 'pct'?)"),
        ("run bank.py --budget 0", "the budget must be at least 1 run, not 0"),
        ("run bank.py --budget -3", "the budget must be at least 1 run, not -3"),
        ("run bank.py --budget many", "'many' is not a valid integer"),
        ("run bank.py --time-limit 0", "the time limit must be more than 0 s, not 0"),
        ("run bank.py --max-steps 0", "--max-steps must be at least 1, not 0"),
        ("run bank.py --wall-limit 0", "--wall-limit must be more than 0 s, not 0"),
        ("run bank.py --time real", "'real' is not one of 'strict', 'elastic'"),
        ("run bank.py --bugdet 3", "--bugdet"),
        ("run", "name a program: PATH[:NAME], or -m MODULE"),
        ("walk", "No such command 'walk'"),
        ("replay rx1-", "damaged or truncated seed"),
        ("replay rx1-ab!c", "damaged seed: '!' at letter 7 cannot be"),
        ("replay rx2-abcdef", "made by a newer raceexplore"),
        ("replay dt1-abcdef", "'dt1-abcdef' is neither a seed (rx1-...) nor a corpus file"),
        ("replay gone.json", "gone.json cannot be read: No such file or directory"),
        ("replay bank.py", "bank.py is not a corpus file"),
        ("corpus list", "there is no folder corpus"),
    ],
)  # fmt: skip
def test_wrong_usage_gets_one_line_and_status_2(rx: Rx, arguments: str, line: str) -> None:
    ended = rx(*arguments.split(), bank=BANK)
    assert (ended.status, ended.out) == (2, "")
    assert len(ended.err.splitlines()) == 1
    assert line in ended.err


def test_time_sleep_runs_and_is_warned_of(rx: Rx) -> None:
    ended = rx("run", "naps.py", "--budget", "5", naps=f"import time{USES}    time.sleep(5)\n")
    assert ended.status == 3  # one task, and nothing to choose
    warning = "warning: time.sleep(5) blocks every task; virtual time jumped"
    assert warning in ended.out.splitlines()


def test_a_program_that_never_awaits_is_inconclusive(rx: Rx) -> None:
    spins = f"n = 0{USES}    n = 0\n    while True:\n        n += 1\n"
    ended = rx("run", "spins.py", "--wall-limit", "0.5", spins=spins)
    assert ended.status == 3
    told = " ".join(ended.out.split())
    assert told.startswith("INCONCLUSIVE spins.py:main ")
    assert "spins.py:" in told.removeprefix("INCONCLUSIVE spins.py:main ")
    assert "has not reached an await for 0.5 s" in told


def test_nothing_completed_is_inconclusive(rx: Rx) -> None:
    ended = rx("run", "sound.py", "--max-steps", "2", "--budget", "5", sound=SOUND)
    assert ended.status == 3
    assert ended.out.startswith("INCONCLUSIVE  sound.py:main  no run came to its end")


def test_a_sometimes_that_never_held_is_inconclusive(rx: Rx) -> None:
    text = "async def main(world):\n    world.sometimes('refused', False)\n"
    ended = rx("run", "hollow.py", "--budget", "5", hollow=text)
    assert ended.status == 3
    assert "sometimes('refused') held in no run" in ended.out


GLOBAL = """
import trio
seen = []
async def main():
    seen.append(1)
    for _ in seen:
        await trio.sleep(0)
"""
SET_ORDER = """
import trio
class Thing:
    def __init__(self, n): self.n = n
    async def go(self):
        await trio.sleep(0)
async def main():
    things = {Thing(n) for n in range(8)}
    async with trio.open_nursery() as nursery:
        for thing in things:
            nursery.start_soon(thing.go, name=f"t{thing.n}")
"""


def test_state_that_outlives_a_run_is_refused_by_name(rx: Rx) -> None:
    ended = rx("run", "stale.py", stale=GLOBAL)
    assert (ended.status, ended.out) == (4, "")
    assert "event 1 was main from stale.py:7 to its end and then main" in ended.err
    assert "the likely cause is state that outlives a run: the global 'seen' changed" in ended.err


def test_an_order_by_id_is_refused(rx: Rx) -> None:
    ended = rx("run", "sets.py", sets=SET_ORDER)
    assert (ended.status, ended.out) == (4, "")
    assert re.search(r"gave two different runs: event \d+ was main/t\d from sets.py:", ended.err)
    assert "the likely cause is the order of a set or dict of objects (by id or hash)" in ended.err

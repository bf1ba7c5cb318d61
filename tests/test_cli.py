"""The command line as a user meets it: what it prints, and what it ends with."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from programs import BANK, CROSSED_LOCKS, ORDERS, SOUND
from raceexplore import RaceExploreError
from raceexplore.cli import call


class Ended(NamedTuple):
    status: int
    out: str
    err: str


Rx = Callable[..., Ended]


@pytest.fixture
def rx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Rx:
    """Run the command in an empty folder that holds the programs given by name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "path", list(sys.path))  # programs may import from their folder

    def run(*arguments: str, **programs: str) -> Ended:
        for name, text in programs.items():
            (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        capsys.readouterr()
        status = call(arguments)
        return Ended(status, *capsys.readouterr())

    return run


def seed_of_the_bank(rx: Rx) -> str:
    value = json.loads(rx("run", "bank.py", "--format", "json", bank=BANK).out)
    return str(value["failures"][0]["seed"])


def test_a_lost_update_is_found_shown_and_replayed(rx: Rx) -> None:
    found = rx("run", "bank.py", bank=BANK)
    assert found.status == 1
    lines = found.out.splitlines()
    assert lines[:3] == [
        "FAIL  bank.py:main  AssertionError: balance is 90, expected 70",
        "      bank.py:20 in main",
        '        assert bank.balance == 70, f"balance is {bank.balance}, expected 70"',
    ]
    assert "Needs 1 deviation (*) from the default schedule" in found.out
    command = next(line for line in lines if line.startswith("replay  raceexplore replay rx1-"))
    saved = next(line for line in lines if line.startswith("saved   corpus/bank-"))

    seed = command.split()[-1]
    again = rx("replay", seed)
    assert again.status == 1
    assert "reproduced: it ends as the seed says" in again.out
    kept = rx("replay", saved.split()[-1])
    assert kept.status == 1
    assert "reproduced exactly: event by event as recorded" in kept.out


def test_the_schedule_is_told_segment_by_segment(rx: Rx) -> None:
    out = rx("run", "bank.py", bank=BANK).out
    told = [" ".join(line.split()) for line in out.splitlines()]
    assert "1 ann is preempted 11 await trio.lowlevel.checkpoint()" in told
    assert "* 2-3 bob PREEMPTS ann" in told
    assert "4 ann goes on, ends 11 await trio.lowlevel.checkpoint()" in told


def test_nothing_found_is_status_0(rx: Rx) -> None:
    ended = rx("run", "sound.py", "--budget", "50", sound=SOUND)
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith("OK  sound.py:main  no failure found\nexplored 50 runs in ")
    assert "budget spent" in ended.out


def test_an_exhausted_search_says_so(rx: Rx) -> None:
    ended = rx("run", "sound.py", "--scheduler", "dfs", sound=SOUND)
    assert ended.status == 0
    # two tasks of two events each: 4! / (2! 2!) = 6 schedules
    assert ended.out.startswith("OK  sound.py:main  no schedule fails\nexplored 6 runs in ")
    assert "every schedule explored" in ended.out


def test_a_deadlock_shows_who_waits_for_whom(rx: Rx) -> None:
    out = rx("run", "locks.py", locks=CROSSED_LOCKS).out
    assert "left waits at locks.py:8 for a Lock, held by right" in out
    assert "right waits at locks.py:8 for a Lock, held by left" in out
    assert "cycle  left -> right -> left" in out


def test_stop_never_keeps_every_failure(rx: Rx) -> None:
    ended = rx("run", "orders.py", "--stop", "never", "--budget", "300", orders=ORDERS)
    assert ended.status == 1
    assert ended.out.count("FAIL  orders.py:main") == 2
    assert len(list(Path("corpus").glob("orders-*.json"))) == 2
    listed = rx("corpus", "list")
    assert listed.status == 0
    assert "AssertionError: the third was first" in listed.out
    assert "AssertionError: the first was last" in listed.out


def test_json_of_a_campaign(rx: Rx) -> None:
    ended = rx("run", "bank.py", "--format", "json", bank=BANK)
    value = json.loads(ended.out)
    assert ended.status == 1
    assert list(value) == [
        "version", "program", "scheduler", "entropy", "runs", "complete", "classes", "seconds",
        "failures",
    ]  # fmt: skip
    assert (value["version"], value["program"], value["entropy"]) == (1, "bank.py:main", 0)
    assert (value["complete"], value["classes"]) == (False, None)
    failure = value["failures"][0]
    assert list(failure) == [
        "fingerprint", "kind", "message", "first_run", "seed", "preemptions", "deviations",
        "steps", "one_minimal",
    ]  # fmt: skip
    assert failure["message"] == "balance is 90, expected 70"
    assert (failure["preemptions"], failure["deviations"], failure["steps"]) == (1, 1, 6)
    assert failure["one_minimal"] is True


def test_json_of_a_replay(rx: Rx) -> None:
    seed = json.loads(rx("run", "bank.py", "--format", "json", bank=BANK).out)["failures"][0][
        "seed"
    ]
    value = json.loads(rx("replay", seed, "--format", "json").out)
    assert (value["scheduler"], value["runs"], value["reproduced"]) == ("replay", 1, True)
    assert len(value["digest"]) == 16
    assert value["failures"][0]["seed"] == seed


def test_what_a_program_prints_does_not_get_into_the_output(rx: Rx) -> None:
    noisy = 'print("importing")\nasync def main():\n    print("running")\n'
    ended = rx("run", "noisy.py", "--budget", "5", "--format", "json", noisy=noisy)
    assert json.loads(ended.out)["runs"] == 5
    assert ended.err == "importing\n"


def test_a_replay_shows_what_the_program_prints_on_standard_error(rx: Rx) -> None:
    noisy = 'async def main():\n    print("running")\n    assert 0\n'
    found = json.loads(rx("run", "noisy.py", "--format", "json", noisy=noisy).out)
    again = rx("replay", found["failures"][0]["seed"], "--format", "json")
    assert json.loads(again.out)["reproduced"] is True
    assert again.err == "running\n"


USES = "\nasync def main():\n"
WRONG: list[tuple[str, str, int, str]] = [
    # name of the case, the program, exit status, the one line
    ("syntax", "async def main(:\n", 2, "syntax.py:1: syntax error: invalid syntax"),
    ("imports", "import no_such_thing\n", 2,
     "imports.py cannot be imported: ModuleNotFoundError: No module named 'no_such_thing'"),
    ("leaves", "raise SystemExit(0)\n", 2, "leaves.py cannot be imported: SystemExit: 0"),
    ("helpers", "def one(): pass\ndef two(): pass\n", 2, "found: plain functions one, two"),
    ("needy", "async def main(a, b): pass\n", 2, "found: async def main(a, b)"),
    ("two", "async def one(): pass\nasync def two(): pass\n", 2,
     "two.py holds 2 programs; name one: two.py:one or two.py:two"),
    ("exits", f"import sys{USES}    sys.exit(0)\n", 2, "the program called sys.exit(0)"),
    ("sockets", f"import socket{USES}    socket.socket()\n", 4, "a real socket at"),
    ("stream", f"import trio{USES}    await trio.open_tcp_stream('a.example', 80)\n", 4,
     "stream.py:3 leaves the controlled world"),
    ("thread", f"import threading{USES}    threading.Thread(target=print).start()\n", 4,
     "a thread at"),
    ("process", f"import subprocess{USES}    subprocess.run(['true'])\n", 4, "a subprocess at"),
    ("aio", f"import asyncio{USES}    await asyncio.sleep(0)\n", 4, "aio.py:3 leaves"),
    ("aiotimer", f"import asyncio{USES}    await asyncio.sleep(1)\n", 4, "aiotimer.py:3 leaves"),
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
        ("run bank.py --scheduler pct:depth=x", "depth is a int, not 'x'"),
        ("run bank.py --scheduler pctt", "no scheduler 'pctt' (did you mean 'pct'?)"),
        ("run bank.py --budget 0", "the budget must be at least 1 run, not 0"),
        ("run bank.py --budget -3", "the budget must be at least 1 run, not -3"),
        ("run bank.py --budget many", "'many' is not a valid integer"),
        ("run bank.py --time-limit 0", "the time limit must be more than 0 s, not 0"),
        ("run bank.py --max-steps 0", "--max-steps must be at least 1, not 0"),
        ("run bank.py --wall-limit 0", "--wall-limit must be more than 0 s, not 0"),
        ("run bank.py --time real", "'real' is not one of 'strict', 'elastic'"),
        ("run bank.py --bugdet 3", "--bugdet"),
        ("run", "Missing argument 'PATH[:NAME]'"),
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
    assert ended.status == 0
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
    assert "the same schedule gave two different runs: event 1 was main/t" in ended.err
    assert "the likely cause is the order of a set or dict of objects (by id or hash)" in ended.err


def test_a_replay_on_a_changed_program_names_the_drift(rx: Rx) -> None:
    rx("run", "bank.py", bank=BANK)
    (file,) = Path("corpus").glob("*.json")
    moved = rx("replay", str(file), bank=f"# a comment\n{BANK}")
    assert moved.status == 1
    told = " ".join(moved.out.split())
    assert "reproduced, with other events" in told
    assert "the program's source has changed" in told

    fixed = BANK.replace("    await trio.lowlevel.checkpoint()\n", "    pass\n")
    gone = rx("replay", str(file), bank=fixed)
    assert gone.status == 4
    assert "error: the replay diverged: the run passed; " in gone.err
    assert "the program's source has changed" in gone.err
    assert "1 of 1 deviations found no place" in gone.err
    assert json.loads(rx("replay", str(file), "--format", "json").out)["reproduced"] is False


def test_a_replay_on_the_same_program_with_other_events_has_diverged(rx: Rx) -> None:
    rx("run", "bank.py", bank=BANK)
    (file,) = Path("corpus").glob("*.json")
    value = json.loads(file.read_text(encoding="utf-8"))
    value |= {"digest": "0" * 16, "hash_probe": -1}
    file.write_text(json.dumps(value), encoding="utf-8")
    ended = rx("replay", str(file))
    assert ended.status == 4
    assert "the same failure, but the events differ from the recorded ones" in ended.err
    assert "strings hash differently (PYTHONHASHSEED)" in ended.err


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"version": 2}, "has format 2, made by a newer raceexplore"),
        ({"kind": 3}, "is damaged: kind is not of the kind it should be"),
        ({"more": 3}, "is not a corpus file, or a damaged one: got an unexpected keyword"),
        ({"seed": "rx1-abcd"}, "damaged or truncated seed"),
    ],
)
def test_a_strange_corpus_file_gets_one_line(rx: Rx, change: dict[str, Any], line: str) -> None:
    rx("run", "bank.py", bank=BANK)
    (file,) = Path("corpus").glob("*.json")
    value = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(value | change), encoding="utf-8")
    ended = rx("replay", str(file))
    assert (ended.status, ended.out) == (2, "")
    assert len(ended.err.splitlines()) == 1
    assert line in ended.err
    assert "damaged: " in rx("corpus", "list").out


def test_a_damaged_seed_never_gets_a_traceback(rx: Rx) -> None:
    seed = json.loads(rx("run", "bank.py", "--format", "json", bank=BANK).out)["failures"][0][
        "seed"
    ]
    for end in range(4, len(seed)):
        assert rx("replay", seed[:end]).status == 2
    for place in range(4, len(seed)):
        other = "A" if seed[place] != "A" else "B"
        ended = rx("replay", seed[:place] + other + seed[place + 1 :])
        # the last letter holds spare bits: a change there may leave the same bytes
        assert ended.status == 2 or place == len(seed) - 1
        assert len(ended.err.splitlines()) <= 1


def test_a_seed_never_runs_a_file_outside_the_working_directory(
    rx: Rx, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rx("run", "bank.py", bank=BANK)
    inner = tmp_path / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    found = rx("run", "../bank.py")
    command = next(line for line in found.out.splitlines() if line.startswith("replay  "))
    *_, seed, path = command.split()
    assert path == "../bank.py:main"
    refused = rx("replay", seed)
    assert refused.status == 2
    assert "outside the working directory" in refused.err
    assert rx("replay", seed, path).status == 1


def test_a_crash_of_ours_is_status_70(rx: Rx, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("raceexplore.search.explore.explore", broken)
    ended = rx("run", "sound.py", sound=SOUND)
    assert ended.status == 70
    assert "ZeroDivisionError: ours" in ended.err
    assert "this is a bug of raceexplore, not of your program" in ended.err


def test_unsupported_trio_is_refused(rx: Rx, monkeypatch: pytest.MonkeyPatch) -> None:
    class Refused(RaceExploreError):
        exit_status = 4

    def refuse(*_: object, **__: object) -> None:
        raise Refused("trio 9 is not supported")

    monkeypatch.setattr("raceexplore.search.explore.explore", refuse)
    assert rx("run", "sound.py", sound=SOUND) == (4, "", "error: trio 9 is not supported\n")


def test_the_corpus_that_cannot_be_written_does_not_hide_the_failure(rx: Rx) -> None:
    Path("taken").mkdir()
    Path("taken/corpus").touch()
    ended = rx("run", "bank.py", "--corpus", "taken/corpus/inside", bank=BANK)
    assert ended.status == 1
    assert ended.out.startswith("FAIL  bank.py:main")


def test_schedulers_lists_options_from_the_classes(rx: Rx) -> None:
    ended = rx("schedulers")
    assert ended.status == 0
    for name in ("dfs", "pct", "random", "roundrobin", "sticky"):
        assert f"\n{name} " in f"\n{ended.out}"
    assert "options: stay=0.85" in ended.out


def test_version_names_what_matters_for_a_report(rx: Rx) -> None:
    ended = rx("--version")
    assert ended.status == 0
    assert [part.split()[0] for part in ended.out.split(", ")] == ["raceexplore", "Python", "trio"]


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from raceexplore.cli import call; call(['--help']); "
        "print({'hypothesis', 'networkx', 'rich'} & sys.modules.keys(), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.stderr == "set()\n"
    assert "Exit status: 0 nothing found" in done.stdout

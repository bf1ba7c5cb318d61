"""The command line as a user meets it: what it prints, and what it ends with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from command import Rx
from raceexplore import RaceExploreError
from small_programs import BANK, CROSSED_LOCKS, ORDERS, SOUND

ONE_SWITCH = ("--scheduler", "dfs:preemptions=1")  # finds the same failure for ever


def test_a_lost_update_is_found_shown_and_replayed(rx: Rx) -> None:
    found = rx("run", "bank.py", *ONE_SWITCH, bank=BANK)
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
    out = rx("run", "bank.py", *ONE_SWITCH, bank=BANK).out
    told = [" ".join(line.split()) for line in out.splitlines()]
    start = told.index("1 ann starts 9 async def withdraw(bank, amount):")
    assert told[start + 1 : start + 9] == [
        "reads 10 Bank.balance = 100",
        "is preempted 11 await trio.lowlevel.checkpoint()",
        "* 2-3 bob PREEMPTS ann, before it writes Bank.balance",
        "starts 9 async def withdraw(bank, amount):",
        "reads 10 Bank.balance = 100",
        "writes, ends 12 Bank.balance = 100 -> 80",
        "4 ann goes on 11 await trio.lowlevel.checkpoint()",
        "writes, ends 12 Bank.balance = 80 -> 90",
    ]


def test_nothing_found_is_status_0(rx: Rx) -> None:
    ended = rx("run", "sound.py", "--budget", "50", "--scheduler", "random", sound=SOUND)
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith("OK  sound.py:main  no failure found\nexplored 50 runs in ")
    assert "budget spent" in ended.out


def test_a_small_program_is_proved_by_default(rx: Rx) -> None:
    ended = rx("run", "sound.py", "--budget", "50", sound=SOUND)
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith("OK  sound.py:main  no schedule fails\n")
    assert "complete: every trace class" in " ".join(ended.out.split())


def test_an_exhausted_search_says_so(rx: Rx) -> None:
    ended = rx("run", "sound.py", "--scheduler", "dfs", sound=SOUND)
    assert ended.status == 0
    # two tasks of two events each: 4! / (2! 2!) = 6 schedules
    assert ended.out.startswith("OK  sound.py:main  no schedule fails\nexplored 6 runs in ")
    assert "complete: every schedule" in ended.out


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
    ended = rx("run", "bank.py", *ONE_SWITCH, "--format", "json", bank=BANK)
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
        "steps", "one_minimal", "atomic", "why", "race", "race_told", "printed",
    ]  # fmt: skip
    assert failure["message"] == "balance is 90, expected 70"
    assert (failure["preemptions"], failure["deviations"], failure["steps"]) == (1, 1, 6)
    assert failure["one_minimal"] is True


def test_json_of_a_replay(rx: Rx) -> None:
    seed = json.loads(rx("run", "bank.py", *ONE_SWITCH, "--format", "json", bank=BANK).out)[
        "failures"
    ][0]["seed"]
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
    (file,) = Path("corpus").glob("*.json")
    assert rx("replay", str(file)).err == "running\n"
    edited = noisy.replace("    assert", "    later = 1\n    assert")
    assert rx("replay", str(file), noisy=edited).err == "running\n"


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


LATE_SOCKET = """
import socket
import trio


async def step(order, name):
    order.append(name)
    await trio.lowlevel.checkpoint()
    order.append(name)


async def main():
    order = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(step, order, "a")
        nursery.start_soon(step, order, "b")
    assert order != ["a", "b", "b", "a"], "b came between"
    if order == ["b", "a", "b", "a"]:
        socket.socket()
"""


def test_what_was_found_before_a_refusal_is_kept_and_named(rx: Rx) -> None:
    ended = rx(
        "run", "late.py", "--scheduler", "dfs", "--stop", "never", late=LATE_SOCKET
    )  # the default schedule's neighbours come first
    assert (ended.status, ended.out) == (4, "")
    (file,) = Path("corpus").glob("late-*.json")
    assert f"a failure that was found before is kept in {file}" in ended.err
    assert "a real socket at" in ended.err
    assert rx("replay", str(file)).status == 1


def test_schedulers_lists_options_from_the_classes(rx: Rx) -> None:
    ended = rx("schedulers")
    assert ended.status == 0
    for name in ("dfs", "pct", "random", "roundrobin", "sticky"):
        assert f"\n{name} " in f"\n{ended.out}"
    assert "options: stay=0.85" in ended.out


def test_no_command_shows_the_help(rx: Rx) -> None:
    ended = rx()
    assert ended.status == 2
    assert "\nFind a failure:\n" in ended.err


def test_version_names_what_matters_for_a_report(rx: Rx) -> None:
    ended = rx("--version")
    assert ended.status == 0
    assert [part.split()[0] for part in ended.out.split(", ")] == ["raceexplore", "Python", "trio"]


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from raceexplore.cli import call; call(['--help']); "
        "print({'hypothesis', 'networkx', 'rich', 'trio'} & sys.modules.keys(), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.stderr == "set()\n"
    assert "Exit status: 0 nothing found" in done.stdout

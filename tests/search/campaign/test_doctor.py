"""`raceexplore doctor` says what would make runs differ, and what to change."""

from __future__ import annotations

import pytest

from command import Rx

SOUND = """
import trio

async def program():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.sleep, 1)
        nursery.start_soon(trio.sleep, 2)
"""
REMEMBERS = """
import trio
SEEN = []

async def program():
    for _ in SEEN:
        await trio.lowlevel.checkpoint()
    SEEN.append(1)
"""
HASHES = """
import trio

async def program():
    async with trio.open_nursery() as nursery:
        for name in {"alpha", "beta", "gamma", "delta", "epsilon"}:
            nursery.start_soon(trio.sleep, len(name), name=name)
"""
SOCKET = """
import socket

async def program():
    socket.socket()
"""
ALONE = """
import trio

async def program():
    await trio.sleep(1)
"""
ENDLESS = """
import trio

async def program():
    while True:
        await trio.sleep(1)
"""


def test_a_sound_program_is_found_sound_here_and_in_other_processes(rx: Rx) -> None:
    ended = rx("doctor", "program.py", program=SOUND)
    assert ended.status == 0
    assert "wrong" not in ended.out
    assert "ok     5 schedules, each run again, gave the same events" in ended.out
    assert "ok     2 other processes with other hashes gave the same" in ended.out


@pytest.mark.parametrize(
    ("program", "what", "advice"),
    [
        (REMEMBERS, "the global 'SEEN' changed", "make the state inside the program"),
        (HASHES, "with another PYTHONHASHSEED", "iterate over sorted(...)"),
        (SOCKET, "it leaves the controlled world", "use the simulated network"),
        (ALONE, "never could two tasks run at once", "start tasks that share something"),
        (ENDLESS, "runs were cut", "make the program end by itself"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_change(
    rx: Rx, program: str, what: str, advice: str
) -> None:
    ended = rx("doctor", "program.py", "--max-steps", "500", program=program)
    assert ended.status == 4
    assert what in ended.out
    assert advice in ended.out


def test_a_file_without_a_program_is_wrong_usage(rx: Rx) -> None:
    ended = rx("doctor", "program.py", program="x = 1")
    assert ended.status == 2
    assert "holds no program" in ended.err


def test_python_that_checks_no_assert_is_told(rx: Rx, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONOPTIMIZE", "1")
    assert "unset PYTHONOPTIMIZE" in rx("doctor", "program.py", program=SOUND).out

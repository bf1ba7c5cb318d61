"""What events tell of files and processes is exact: a proof sees all that a full search sees."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from raceexplore import Campaign, explore
from raceexplore.search.programs.load import load_program

BUDGET = 6_000
PROGRAM = """
import trio

from raceexplore.sim.files import Files, FileSystem
from raceexplore.sim.processes import Processes

COMMANDS, KILLED = {given!r}


async def command(argv, env, files, process):
    results, opened = [], None
    for call, *args in COMMANDS[int(argv[0])]:
        try:
            if call == "open":
                opened = await files.open(*args)
                result = "opened"
            elif call in ("write", "read", "flock", "unlock", "truncate", "close", "lock_range"):
                if opened is None:
                    continue
                options = {{"wait": False}} if call in ("flock", "lock_range") else {{}}
                result = await getattr(opened, call)(*args, **options)
            elif call == "signal":
                result = process.send(1001 + args[0], args[1])
            else:
                result = await getattr(files, call)(*args)
                result = result[3] if call == "stat" else result
        except OSError as error:
            result = error.errno
        results.append(result)
    return 0, results


async def main(world):
    machine = Processes(world)
    machine.files.put({{"/home/user/a": "A", "/home/user/d/b": "B"}})
    started = [machine.start(command, [str(nth)]) for nth in range(len(COMMANDS))]
    if KILLED:
        async def kill():
            started[0].kill()
        world.spawn(kill)
    ended = [await process.wait() for process in started]
    there = []
    for path in machine.files.paths():
        try:
            there.append((path, machine.files.content(path)))
        except OSError as error:  # a symbolic link that leads to nothing
            there.append((path, error.errno))
    print(ended, [process.stdout for process in started], there)
"""
NAMES = ("a", "d/b", "c", "d", "e")
CALLS = (
    ("open", "NAME", "r"), ("open", "NAME", "w"), ("open", "NAME", "a"), ("open", "NAME", "x"),
    ("open", "NAME", "r+"), ("write", b"xy"), ("write", b"z"), ("read",), ("truncate", 1),
    ("flock",), ("unlock",), ("close",), ("lock_range",), ("rename", "NAME", "NAME"),
    ("rename", "NAME", "NAME"), ("link", "NAME", "NAME"), ("unlink", "NAME"), ("unlink", "NAME"),
    ("symlink", "NAME", "NAME"), ("mkdir", "NAME"), ("rmdir", "NAME"), ("listdir", "."),
    ("listdir", "d"), ("stat", "NAME"), ("read_text", "NAME"), ("signal", 0, 9), ("signal", 1, 9),
    ("signal", 1, 0),
)  # fmt: skip


def drawn(entropy: int) -> tuple[list[list[tuple[object, ...]]], bool]:
    """Return the calls of two processes, and whether the first is killed at some time."""
    draw = Random(entropy)

    def call() -> tuple[object, ...]:
        words = CALLS[draw.randrange(len(CALLS))]
        return tuple(draw.choice(NAMES) if word == "NAME" else word for word in words)

    begins = [("open", draw.choice(NAMES), draw.choice(("r+", "w", "a"))) for _ in range(2)]
    return [[begin, *(call() for _ in range(3))] for begin in begins], draw.random() < 0.3


def outcomes(
    path: Path, scheduler: str, capsys: pytest.CaptureFixture[str]
) -> tuple[set[str], Campaign]:
    program = load_program(str(path))
    capsys.readouterr()
    campaign = explore(program, scheduler=scheduler, budget=BUDGET, stop="never", shrink=False)
    assert campaign.failures == ()
    return set(capsys.readouterr().out.splitlines()), campaign


def agree(entropy: int, folder: Path, capsys: pytest.CaptureFixture[str]) -> int:
    """Check that both searches see the same, and return how many ways there are."""
    path = folder / f"calls{entropy}.py"
    path.write_text(PROGRAM.format(given=drawn(entropy)), encoding="utf-8")
    every, search = outcomes(path, "dfs", capsys)
    proved, proof = outcomes(path, "dpor", capsys)
    assert proof.complete, entropy
    assert "relative" not in proof.certificate, (entropy, proof.certificate)
    assert proved >= every, (entropy, every - proved)
    if search.complete:
        assert proved == every, (entropy, proved - every)
    return len(proved)


@pytest.mark.parametrize("entropy", range(5))
def test_a_proof_sees_every_outcome_of_drawn_calls(
    entropy: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert agree(entropy, tmp_path, capsys) >= 1


@pytest.mark.slow
def test_a_proof_sees_every_outcome_of_a_hundred_drawn_programs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ways = [agree(entropy, tmp_path, capsys) for entropy in range(5, 105)]
    assert sum(way > 1 for way in ways) > 50


BEFORE = """
import trio


async def main(world):
    log = []

    async def victim():
        log.append("begins")
        await world.checkpoint()
        log.append("goes on")

    async def ender(handle):
        {pause}
        handle.{how}()
        log.append("ended")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ender, world.spawn(victim))
    await world.checkpoint()
    print(*log)
"""


@pytest.mark.parametrize("pause", ["", "await world.checkpoint()"])
@pytest.mark.parametrize("how", ["kill", "cancel"])
def test_a_task_that_is_ended_before_it_begins_might_have_begun(
    how: str, pause: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "early.py"
    path.write_text(BEFORE.format(how=how, pause=pause), encoding="utf-8")
    every, _ = outcomes(path, "dfs", capsys)
    proved, proof = outcomes(path, "dpor", capsys)
    assert (proved, proof.complete) == (every, True)
    assert {"ended", "begins ended", "begins goes on ended"} <= every

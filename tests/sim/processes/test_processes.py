"""Simulated processes: exit codes, signals, numbers that are used again, and crashes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from raceexplore import Replay, World, explore, run_once
from raceexplore.sim.files import Files
from raceexplore.sim.processes import Process, Processes


def quiet(program: Callable[[World], Awaitable[None]]) -> None:
    run = run_once(program, Replay())
    assert run.failure is None, run.failure


async def echo(argv: list[str], env: dict[str, str], files: Files, process: Process) -> Any:
    await files.write_text("pid", str(process.pid))
    return 3, f"{argv} {env['HOME']}"


async def fails() -> None:
    raise ValueError("no such key")


def leaves(argv: list[str]) -> None:
    raise SystemExit(argv[0] if argv else None)


def test_a_command_gets_what_it_takes_and_ends_with_its_code() -> None:
    async def program(world: World) -> None:
        machine = Processes(world)
        one = await machine.run(echo, ["a", "b"], env={"HOME": "/root"})
        assert (one.exit, one.stdout, one.pid) == (3, "['a', 'b'] /root", 1001)
        assert machine.files.text("/home/user/pid") == "1001"
        other = await machine.run(fails)
        assert (other.exit, other.stderr, other.pid) == (1, "ValueError: no such key\n", 1002)
        ended = [await machine.run(leaves, argv) for argv in ([], ["bad"])]
        assert [(p.exit, p.stderr) for p in ended] == [(0, ""), (1, "bad\n")]
        with pytest.raises(ProcessLookupError):
            machine.send(other.pid, 9)

    quiet(program)


async def holds(argv: list[str], env: dict[str, str], files: Files, process: Process) -> None:
    lock = await files.open("lock", "a")
    await lock.flock()
    try:
        await process.sleep(60)
    finally:
        await files.unlink("lock")  # no `finally` runs in a process that is killed


async def counts(argv: list[str], env: dict[str, str], files: Files) -> tuple[int, str]:
    lock = await files.open("lock", "a")
    await lock.flock()
    return 0, "got it"


def test_a_killed_process_runs_no_finally_and_its_locks_are_free() -> None:
    async def program(world: World) -> None:
        machine = Processes(world)
        holder = machine.start(holds)
        await world.sleep(1)
        waiting = machine.start(counts)
        await world.sleep(1)
        assert waiting.exit is None
        holder.kill()
        assert (await holder.wait(), await waiting.wait()) == (-9, 0)
        assert machine.files.exists("/home/user/lock")

    quiet(program)


def test_a_stopped_process_holds_what_it_has_until_it_is_continued() -> None:
    async def program(world: World) -> None:
        machine = Processes(world)
        holder = machine.start(holds)
        await world.sleep(1)
        holder.signal(19)
        await world.sleep(100)
        assert holder.exit is None
        holder.signal(18)
        assert await holder.wait() == 0
        assert world.now() == 101

    quiet(program)


def test_a_number_may_be_used_again() -> None:
    pids = set()

    async def nothing() -> None:
        return

    async def program(world: World) -> None:
        machine = Processes(world, reuse_pids=True)
        first = await machine.run(nothing)
        second = await machine.run(nothing)
        pids.add(second.pid - first.pid)

    explore(program, scheduler="dfs", budget=100, stop="never")
    assert pids == {0, 1}


def test_a_power_cut_ends_all_processes() -> None:
    async def program(world: World) -> None:
        machine = Processes(world)
        holder = machine.start(holds)
        await world.sleep(1)
        machine.files.crash()
        assert await holder.wait() == -9

    quiet(program)


def test_a_kill_may_strike_at_every_call() -> None:
    codes, lengths = set(), set()

    async def steps(argv: list[str], env: dict[str, str], files: Files) -> None:
        for text in "abc":
            await files.write_text("f", text)

    async def program(world: World) -> None:
        machine = Processes(world)
        process = machine.start(steps)
        await world.checkpoint()
        process.kill()
        codes.add(await process.wait())
        lengths.add(process.calls)

    explore(program, scheduler="dfs", budget=500, stop="never")
    assert codes == {0, -9}
    assert lengths == set(range(10))

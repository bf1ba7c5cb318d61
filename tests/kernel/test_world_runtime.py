"""What a program gets of the runtime through its world: pauses, lots, tasks, crashes, time-outs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from raceexplore import Limits, Replay, Run, Settings, World, by_name, explore, run_once
from raceexplore.kernel.fence.guard import guarded
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.search.programs.load import load_program
from raceexplore.toolbox import trace_key


def ran(program: Any, **kwargs: Any) -> Run:
    scheduler = Replay()
    scheduler.begin()
    return run_once(program, scheduler, record=True, **kwargs)


def passed(program: Any) -> Run:
    run = ran(program)
    assert run.outcome == "passed", run.failure
    return run


def test_sleep_lets_virtual_time_pass_and_a_checkpoint_none() -> None:
    async def program(world: World) -> None:
        await world.sleep(2.5)
        await world.checkpoint()
        assert world.now() == 2.5

    passed(program)


def test_a_lot_wakes_those_first_who_wait_longest_and_brings_them_a_value() -> None:
    woken: list[tuple[str, object]] = []

    async def program(world: World) -> None:
        lot = world.lot("gate")

        async def wait(name: str) -> None:
            woken.append((name, await lot.park()))

        async with trio.open_nursery() as nursery:
            for name in "abc":
                nursery.start_soon(wait, name)
            await trio.testing.wait_all_tasks_blocked()
            assert len(lot) == 3
            assert lot.wake(2, "go") == 2
            assert lot.wake(5, "late") == 1
            assert lot.wake() == 0

    passed(program)
    assert woken == [("a", "go"), ("b", "go"), ("c", "late")]


def test_whom_a_lot_wakes_is_the_explorers_choice_where_asked() -> None:
    first: set[object] = set()

    async def program(world: World) -> None:
        lot, order = world.lot("gate"), []

        async def wait(name: str) -> None:
            await lot.park()
            order.append(name)

        async with trio.open_nursery() as nursery:
            for name in "abc":
                nursery.start_soon(wait, name)
            await world.sleep(1)
            lot.wake(1, order="any")
            await world.sleep(1)
            lot.wake(3)
        first.add(order[0])

    explore(program, scheduler="random", budget=50, stop="never")
    assert first == {"a", "b", "c"}


def test_a_cancelled_task_leaves_the_lot_so_that_no_wake_is_lost_on_it() -> None:
    woken = []

    async def program(world: World) -> None:
        lot = world.lot("gate")

        async def wait(name: str, patience_s: float) -> None:
            with trio.move_on_after(patience_s):
                await lot.park()
                woken.append(name)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait, "hasty", 1)
            nursery.start_soon(wait, "patient", 10)
            await world.sleep(2)
            assert lot.wake() == 1

    passed(program)
    assert woken == ["patient"]


def test_parking_and_waking_do_not_commute_and_dpor_sees_both_orders() -> None:
    seen = set()

    async def program(world: World) -> None:
        lot = world.lot("gate")

        async def wait() -> None:
            with trio.move_on_after(1) as scope:
                await lot.park()
            seen.add(scope.cancelled_caught)

        async def wake() -> None:
            await world.checkpoint()
            lot.wake()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait)
            nursery.start_soon(wake)

    campaign = explore(program, scheduler="dpor", stop="never")
    assert (campaign.complete, seen) == (True, {False, True})


def test_a_time_out_ends_a_block_and_says_so() -> None:
    async def program(world: World) -> None:
        async with world.timeout(1) as short:
            await world.sleep(5)
        async with world.timeout(5) as long:
            await world.sleep(1)
        assert (short.expired, long.expired, world.now()) == (True, False, 2)

    passed(program)


def test_a_spawned_task_has_a_path_and_ends_with_the_program() -> None:
    ends = []

    async def serve(world: World) -> None:
        try:
            await world.sleep(1e6)
        finally:
            ends.append(world.now())

    async def program(world: World) -> None:
        world.spawn(serve, world, name="server")
        await world.sleep(1)

    run = passed(program)
    assert ends == [1]
    assert "main/server" in {event.task for event in run.events}


def test_an_error_in_a_spawned_task_fails_the_run() -> None:
    async def broken() -> None:
        raise ValueError("no")

    async def program(world: World) -> None:
        world.spawn(broken)
        await world.sleep(1)

    failure = ran(program).failure
    assert failure is not None
    assert (failure.kind, failure.message) == ("ValueError", "no")


def test_cancelling_a_spawned_task_runs_its_clean_up_and_killing_it_does_not() -> None:
    ends: list[str] = []

    async def program(world: World) -> None:
        async def work(name: str) -> None:
            try:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(trio.sleep, 100)
                    await world.sleep(100)
            finally:
                ends.append(name)

        stopped, crashed = world.spawn(work, "stopped"), world.spawn(work, "crashed")
        await world.sleep(1)
        stopped.cancel()
        crashed.kill()
        await world.sleep(200)
        assert (stopped.done, crashed.done, ends) == (True, True, ["stopped"])

    passed(program)


def test_a_service_hears_of_the_crash_of_its_client_in_the_event_that_kills_it() -> None:
    heard = []

    async def program(world: World) -> None:
        async def call() -> None:
            world.at_kill(lambda: heard.append(world.now()))
            await world.sleep(100)

        async def work() -> None:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(call)

        crashed, other = world.spawn(work), world.spawn(work)
        await world.sleep(1)
        crashed.kill()
        crashed.kill()
        assert heard == [1]
        other.cancel()

    passed(program)
    assert heard == [1]


def test_a_task_that_kills_its_own_process_gets_as_far_as_its_next_await() -> None:
    done: list[str] = []

    async def program(world: World) -> None:
        async def work() -> None:
            try:
                handle.kill()
                done.append("this far")
                await world.checkpoint()
                done.append("too far")
            finally:
                done.append("clean-up")

        handle = world.spawn(work)
        await world.sleep(1)
        assert (handle.done, done) == (True, ["this far"])

    passed(program)


@pytest.mark.parametrize("waits", ["sleep", "checkpoint", "lock", "shield"])
def test_a_kill_at_any_event_leaves_a_run_that_replays_and_ends(waits: str) -> None:
    async def program(world: World) -> None:
        async def part(lock: trio.Lock) -> None:
            for _ in range(2):
                if waits == "lock":
                    async with lock:
                        await world.checkpoint()
                elif waits == "shield":
                    with trio.CancelScope(shield=True):
                        await world.sleep(0.5)
                else:
                    await (world.sleep(0.5) if waits == "sleep" else world.checkpoint())

        async def work() -> None:
            lock = trio.Lock()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(part, lock)
                await part(lock)

        handles = [world.spawn(work, name=name) for name in ("one", "two")]
        for _ in range(world.pick("until", range(9))):
            await world.checkpoint()
        handles[0].kill()
        await world.sleep(10)
        assert (handles[0].done, handles[1].done) == (True, True)

    campaign = explore(program, scheduler="random", budget=300, stop="never")
    assert (campaign.runs, campaign.failures) == (300, ())


def test_dpor_finds_a_crash_between_two_writes() -> None:
    async def program(world: World) -> None:
        account = {"from": 1, "to": 0}

        async def transfer() -> None:
            account["from"] -= 1
            await world.checkpoint()
            account["to"] += 1

        handle = world.spawn(transfer)
        await world.checkpoint()
        handle.kill()
        await world.sleep(1)
        assert sum(account.values()) == 1

    assert [f.kind for f in explore(program, scheduler="dpor").failures] == ["AssertionError"]


def test_a_deadlock_in_a_lot_says_what_is_waited_for_and_who_could_help() -> None:
    async def program(world: World) -> None:
        await world.lot("gate").park("the key of the gate", holders=lambda: ("main",))

    failure = ran(program).failure
    assert failure is not None
    assert failure.kind == "deadlock"
    assert failure.details[0].endswith("for the key of the gate, held by main")


# A task that makes some steps, and one that comes upon it: before, meanwhile or when it has ended.
MEETING = """
async def main(world):
    log = []

    async def worker():
        log.append("a")
        await world.checkpoint()
        log.append("b")

    async def visitor():
        {visit}

    handle = world.spawn(worker, name="worker")
    world.spawn(visitor, name="visitor")
    await world.sleep(1)
"""


@pytest.mark.parametrize(
    ("visit", "classes"),
    [("handle.kill()", 3), ("handle.cancel()", 3), ("assert handle.done in (False, True)", 2)],
)
def test_whoever_finds_that_a_task_has_ended_could_have_come_before_its_end(
    tmp_path: Path, visit: str, classes: int
) -> None:
    (tmp_path / "meeting.py").write_text(MEETING.format(visit=visit), encoding="utf-8")
    program = load_program(str(tmp_path / "meeting.py"))
    proof = explore(program, scheduler="dpor")
    assert (proof.complete, proof.classes) == (True, classes)
    seen, scheduler = set(), by_name("dfs")
    with guarded():
        while scheduler.begin():
            run = observed_run(program, scheduler, limits=Limits(), settings=Settings())
            scheduler.end(run)
            seen.add(trace_key(run.events))
    assert len(seen) == classes

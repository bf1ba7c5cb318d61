"""Each way a program can fail has its own kind, and a message that says where and why."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import pytest
import trio
import trio.lowlevel

from raceexplore import Limits, Replay, Run, Schedule, Settings, World, by_name
from raceexplore.kernel.fence.serving import paused
from raceexplore.kernel.fence.watchdog import watching
from raceexplore.kernel.outcome import from_exception, user_traceback
from raceexplore.kernel.run import run_once

FILE = __file__


def line_of(text: str) -> int:
    """Return the number of the one line of this file that ends with the comment ``text``."""
    lines = Path(FILE).read_text(encoding="utf-8").split("\n")
    (found,) = [number for number, line in enumerate(lines, 1) if line.endswith("# " + text)]
    return found


def once(program: Callable[..., Any], **options: Any) -> Run:
    return run_once(program, Replay(Schedule()), **options)


def kind_and_message(run: Run) -> tuple[str, str]:
    assert run.outcome == "failed"
    assert run.failure is not None
    return run.failure.kind, run.failure.message


async def crossed() -> None:
    left, right = trio.Lock(), trio.Lock()

    async def take(first: trio.Lock, second: trio.Lock) -> None:
        async with first:
            await trio.sleep(1)
            async with second:  # takes the second
                pass

    async with trio.open_nursery() as nursery:
        nursery.start_soon(take, left, right, name="alice")
        nursery.start_soon(take, right, left, name="bob")


def test_a_deadlock_names_each_waiter_its_line_and_the_cycle_of_owners() -> None:
    run = once(crossed)
    cycle = "main/alice -> main/bob -> main/alice"
    assert kind_and_message(run) == (
        "deadlock", f"2 tasks wait for ever; cycle of lock owners: {cycle}",
    )  # fmt: skip
    assert run.failure is not None
    place = f"{FILE}:{line_of('takes the second')}"
    assert run.failure.details[1:] == (
        f"main/alice waits at {place} for a Lock, held by main/bob",
        f"main/bob waits at {place} for a Lock, held by main/alice",
        f"cycle: {cycle}",
    )
    assert ": main/alice, main/bob" in run.failure.details[0]  # main, in its nursery


async def forgotten() -> None:
    async def waiter() -> None:
        await trio.Event().wait()

    send, receive = trio.open_memory_channel[int](0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(waiter)
        nursery.start_soon(send.send, 1)
        nursery.start_soon(trio.sleep_forever)
    receive.close()


def test_a_deadlock_says_what_each_task_waits_for() -> None:
    run = once(forgotten)
    assert kind_and_message(run) == ("deadlock", "3 tasks wait for ever")
    assert run.failure is not None
    told = "\n".join(run.failure.details)
    assert "for an Event" in told
    assert "for room in a memory channel" in told


async def polling() -> None:
    while True:
        await trio.lowlevel.checkpoint()  # polls


def test_events_without_end_are_a_livelock_that_names_its_line() -> None:
    kind, message = kind_and_message(once(polling, limits=Limits(steps=500)))
    assert kind == "livelock"  # one event of the 500 was that of trio's own first task
    assert message == (f"499 events without virtual time moving: main at {FILE}:{line_of('polls')}")


async def long_one() -> None:
    while True:  # noqa: ASYNC110 the program is to go on for ever
        await trio.sleep(1)


def test_a_long_run_is_cut_and_not_failed() -> None:
    run = once(long_one, limits=Limits(steps=500))
    assert (run.outcome, run.failure) == ("cut", None)
    assert run.cut == "500 events were not enough; raise the limit of steps"
    run = once(long_one, limits=Limits(virtual_s=60))
    assert run.cut == "virtual time passed the limit of 60 s"
    assert run.virtual_s == 60


async def leaving_a_task() -> None:
    async def stays() -> None:
        with trio.CancelScope(shield=True):
            await trio.sleep_forever()  # stays

    trio.lowlevel.spawn_system_task(stays)
    await trio.sleep(1)


def test_a_task_that_outlives_the_program_is_a_leaked_task() -> None:
    run = once(leaving_a_task)
    message = "the program has ended, but 1 task never will"
    assert kind_and_message(run) == ("leaked task", message)
    assert run.failure is not None
    assert run.failure.site.line == line_of("stays")


class Breaking:
    def __del__(self) -> None:
        raise RuntimeError("in the finalizer")


async def finalizing() -> None:
    Breaking()
    await trio.sleep(1)


def test_an_error_that_python_could_only_print_is_a_failure() -> None:
    assert kind_and_message(once(finalizing)) == ("unraisable error", "in the finalizer")


async def crashing_behind() -> None:
    async def behind() -> NoReturn:
        raise KeyError("lost")

    trio.lowlevel.spawn_system_task(behind)
    await trio.sleep_forever()


async def crashing_soon() -> None:
    trio.lowlevel.current_trio_token().run_sync_soon(lambda: {}["lost"])  # type: ignore[misc]
    await trio.sleep_forever()


async def crashing_abort() -> None:
    def abort(_: object) -> trio.lowlevel.Abort:
        raise KeyError("lost")

    with trio.move_on_after(1):
        await trio.lowlevel.wait_task_rescheduled(abort)


@pytest.mark.parametrize("program", [crashing_behind, crashing_soon, crashing_abort])
def test_what_crashes_in_the_background_is_told_by_its_own_error(program: Any) -> None:
    kind, message = kind_and_message(once(program))
    assert kind == "TrioInternalError"
    assert message.startswith("KeyError in a system task, an abort function or run_sync_soon")
    assert message.endswith("'lost'")


async def overdrawn(world: World) -> None:
    balance = [1]
    world.always("never below zero", lambda: balance[0] >= 0)
    await trio.sleep(1)
    balance[0] -= 2
    await trio.sleep(1)
    balance[0] += 2


def test_an_invariant_is_checked_after_every_event() -> None:
    run = once(overdrawn)
    message = "'never below zero' does not hold after an event of main"
    assert kind_and_message(run) == ("invariant", message)
    assert run.virtual_s == 1


async def exiting() -> None:
    sys.exit(3)


def test_an_exit_of_the_program_is_a_failure_and_no_exit_of_ours() -> None:
    assert kind_and_message(once(exiting)) == ("SystemExit", "3")


async def endless() -> None:
    await trio.sleep(1)
    while True:
        pass  # spins


def test_an_event_without_end_is_cut_at_a_line() -> None:
    with watching(0.5):
        run = once(endless, limits=Limits(wall_s=0.5))
    assert run.outcome == "cut"
    lines = [line_of("spins") - 1, line_of("spins")]
    assert run.cut in [f"{FILE}:{line} has not reached an await for 0.5 s" for line in lines]


async def looked_at(world: World) -> None:
    def spins() -> bool:
        while True:
            pass

    world.always("spins", spins)
    await trio.lowlevel.checkpoint()


def test_an_invariant_without_end_is_cut_at_a_line() -> None:
    with watching(0.3):
        run = once(looked_at, limits=Limits(wall_s=0.3))
    assert (run.outcome, "has not reached an await for 0.3 s" in run.cut) == ("cut", True)


def test_groups_nested_deeper_than_the_stack_are_told_by_what_they_hold() -> None:
    error: Exception = KeyError("inside")
    for _ in range(5_000):
        error = ExceptionGroup("g", [error])
    assert from_exception(error).message == "'inside'"


def test_of_a_very_deep_traceback_both_ends_are_told() -> None:
    def falls(depth: int) -> None:
        if depth:
            falls(depth - 1)
        raise KeyError(depth)

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    try:
        falls(5_000)
    except KeyError as error:
        lines = user_traceback(error)
    finally:
        sys.setrecursionlimit(limit)
    assert len([line for line in lines if line.startswith("  File ")]) == 1_000
    assert "raise KeyError(depth)" in "".join(lines[-3:])


async def interrupted() -> None:
    with paused():  # as a terminal sends it, and not the program
        signal.raise_signal(signal.SIGINT)
    while True:
        pass


async def interrupted_but_deaf() -> None:
    with suppress(BaseException):
        await interrupted()
    await trio.sleep_forever()


@pytest.mark.parametrize("program", [interrupted, interrupted_but_deaf])
def test_ctrl_c_ends_a_run_and_is_no_failure_of_the_program(program: Any) -> None:
    with watching(10) as watch:
        with pytest.raises(KeyboardInterrupt):
            once(program)
        assert watch.interrupted
    assert once(crossed).failure is not None  # the loop is whole


def test_a_run_inside_a_run_is_refused() -> None:
    async def outer() -> None:
        once(polling)

    with pytest.raises(Exception, match="a run cannot be started from inside a run"):
        once(outer)
    assert once(crossed).failure is not None  # the loop is whole


async def failing_late(world: World) -> None:
    async def child() -> None:
        await trio.sleep(world.pick("delay", [1, 2]))
        raise ValueError("too late")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(child)
        nursery.start_soon(child)


@pytest.mark.parametrize("time", ["strict", "elastic"])
def test_the_same_bug_has_the_same_fingerprint_under_any_schedule(time: Any) -> None:
    scheduler, found = by_name("random", entropy=1), set()
    for _ in range(20):
        scheduler.begin()
        run = run_once(failing_late, scheduler, settings=Settings(time=time))
        scheduler.end(run)
        assert run.failure is not None
        found.add((run.failure.kind, run.failure.fingerprint))
    assert len(found) == 1

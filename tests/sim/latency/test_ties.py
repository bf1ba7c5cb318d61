"""A latency may end exactly when a deadline comes, by choice: no drawn number ever meets one."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
import trio

from raceexplore import Deviation, Replay, Run, Schedule, Scheduler, World, by_name, explore
from raceexplore.kernel.program import Settings
from raceexplore.kernel.run import run_once
from raceexplore.kernel.standing.ties import exactly
from raceexplore.search.evidence.sample import Drawn
from raceexplore.sim import LogNormal

NETWORK = LogNormal(median_s=0.3, sigma=0.6)
AT_THE_DEADLINE = Schedule([Deviation("tie", "main/call:ask", 0, 1)])


def run(program: object, scheduler: Scheduler, runtime: str = "trio") -> Run:
    scheduler.begin()
    settings = Settings(runtime=runtime)
    done = run_once(program, scheduler, record=True, settings=settings)  # type: ignore[arg-type]
    scheduler.end(done)
    return done


async def give_up_after(seconds: float) -> None:
    with trio.move_on_after(seconds):
        await trio.sleep_forever()


async def answered(world: World) -> None:
    async def call() -> None:
        await NETWORK.sleep(world, "ask")
        world.event("answered", at=world.now())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(give_up_after, 0.7)
        nursery.start_soon(trio.sleep, 0.4)  # to wake up is no time-out
        await trio.lowlevel.checkpoint()
        nursery.start_soon(call, name="call")


async def answered_on_asyncio(world: World) -> None:
    async def call() -> None:
        await NETWORK.sleep(world, "ask")
        world.event("answered", at=world.now())

    async def gives_up() -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(0.7):
                await asyncio.Event().wait()

    async with asyncio.TaskGroup() as group:
        group.create_task(gives_up())
        group.create_task(asyncio.sleep(0.4))
        await asyncio.sleep(0)
        group.create_task(call(), name="call")


def notes(done: Run) -> list[str]:
    return [note for event in done.events for note in event.notes]


@pytest.mark.parametrize(
    ("program", "runtime", "task"),
    [(answered, "trio", "main/call"), (answered_on_asyncio, "asyncio", "main/call")],
)
def test_a_call_ends_exactly_at_the_deadline_that_the_schedule_says(
    program: object, runtime: str, task: str
) -> None:
    schedule = Schedule([Deviation("tie", f"{task}:ask", 0, 1)])
    done = run(program, Replay(schedule), runtime)
    assert notes(done) == ["answered(at=0.7)"]
    assert done.schedule == schedule
    drawn = [draw for event in done.events for draw in event.draws]
    assert drawn == [("ask", 0, "0.7")]  # and the report says how long it took
    assert run(program, Replay(schedule), runtime).digest == done.digest


def test_a_call_takes_its_median_where_nobody_chooses() -> None:
    assert notes(run(answered, Replay())) == ["answered(at=0.3)"]


def test_a_deadline_that_is_out_of_reach_ends_no_call() -> None:
    async def program(world: World) -> None:
        async def call() -> None:
            await NETWORK.sleep(world, "ask")
            world.event("answered", at=world.now())

        async with trio.open_nursery() as nursery:
            nursery.start_soon(give_up_after, 700)
            await trio.lowlevel.checkpoint()
            nursery.start_soon(call, name="call")

    assert notes(run(program, Replay(AT_THE_DEADLINE))) == ["answered(at=0.3)"]


def ties(done: Run) -> int:
    return sum(deviation.kind == "tie" for deviation in done.schedule.deviations)


def test_one_drawn_run_in_eight_has_ties_and_no_exhaustive_one() -> None:
    scheduler = by_name("urw", entropy=3)
    with_ties = sum(ties(run(answered, scheduler)) > 0 for _ in range(240))
    assert 10 <= with_ties <= 35  # 240 / 8, and in 3 of 4 of them this call is asked to
    for name in ("dfs", "icb", "delay", "dpor"):
        assert ties(run(answered, by_name(name))) == 0


def test_a_rate_has_no_ties_in_it() -> None:
    drawn = Drawn(entropy=0)
    assert not any(ties(run(answered, drawn)) for _ in range(60))


@pytest.mark.parametrize(("now", "due"), [(0.3, 0.8), (0.1, 0.7), (1 / 3, 2 / 3), (0.0, 5.0)])
def test_the_seconds_until_a_deadline_are_exact(now: float, due: float) -> None:
    assert now + exactly(now, due) == due


async def next_message(world: World) -> None:
    """A message is given to a waiter whose time-out strikes before he can take it."""
    push, queue = trio.open_memory_channel[int](9)
    got: list[int] = []

    async def publish() -> None:
        await NETWORK.sleep(world, "publish")
        push.send_nowait(1)

    async def wait_for_it() -> None:
        box: list[int] = []
        ready, scope = trio.Event(), trio.CancelScope()

        async def take() -> None:
            with scope:
                box.append(await queue.receive())
                ready.set()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(take)
            try:
                with trio.fail_after(0.5):
                    await ready.wait()
            except trio.TooSlowError:
                scope.cancel()
                return
        got.extend(box)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(publish)
        await wait_for_it()
    while queue.statistics().current_buffer_used:
        got.append(queue.receive_nowait())
    assert got == [1], "the message is lost"


@pytest.mark.parametrize("entropy", range(3))
def test_a_message_that_arrives_as_the_time_is_up_is_found_lost_by_the_default_run(
    entropy: int,
) -> None:
    campaign = explore(next_message, budget=200, entropy=entropy)
    (found,) = campaign.failures
    assert found.message.startswith("the message is lost")
    assert ties(found.run) == 1
    assert run(next_message, Replay(found.run.schedule)).failure is not None
    assert run(next_message, Replay(found.run.schedule)).schedule == found.run.schedule

"""An asyncio program runs unmodified: its own loop, tasks, futures, timers and threads."""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any

import pytest

from raceexplore import BadOption, OutsideWorld, Replay, World, explore, run_once
from raceexplore.kernel.outcome import Run
from raceexplore.kernel.program import Settings


def quiet(program: Any, **options: Any) -> Run:
    scheduler = Replay()
    scheduler.begin()
    return run_once(program, scheduler, record=True, settings=Settings(**options))


def order_of(run: Run) -> list[str]:
    return [event.task for event in run.events]


def from_a_thread(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result()


def test_a_program_that_imports_asyncio_runs_on_asyncio() -> None:
    async def program() -> None:
        assert asyncio.current_task() is not None

    run = quiet(program)
    assert (run.outcome, run.settings.runtime) == ("passed", "asyncio")


def test_the_quiet_day_is_first_in_first_out() -> None:
    said: list[str] = []

    async def program() -> None:
        async def say(word: str) -> None:
            for _ in range(2):
                said.append(word)
                await asyncio.sleep(0)

        asyncio.get_running_loop().call_soon(said.append, "callback")
        await asyncio.gather(say("a"), say("b"))

    assert quiet(program).outcome == "passed"
    assert said == ["callback", "a", "b", "a", "b"]


def test_tasks_are_named_by_path_and_keep_the_names_they_are_given() -> None:
    async def program() -> None:
        async def work() -> None:
            await asyncio.sleep(0)

        async with asyncio.TaskGroup() as group:
            group.create_task(work())
            group.create_task(work(), name="alice")
            group.create_task(work())

    assert order_of(quiet(program))[:4] == ["main", "main/work#1", "main/alice", "main/work#2"]


def test_time_is_virtual() -> None:
    async def program() -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(3600)
        assert loop.time() == 3600
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 60)
        async with asyncio.timeout(5):
            await asyncio.sleep(4)
        assert loop.time() == 3664

    assert quiet(program).virtual_s == 3664


def test_sets_of_tasks_are_in_the_order_of_spawning() -> None:
    async def program() -> None:
        async def work(number: int) -> int:
            await asyncio.sleep(1 if number > 4 else 0)
            return number

        tasks = [asyncio.create_task(work(number)) for number in range(9)]
        done, pending = await asyncio.wait(tasks, timeout=0.5)
        assert [task.result() for task in done] == [0, 1, 2, 3, 4]
        others = asyncio.all_tasks() - {asyncio.current_task()}
        assert list(others) == list(pending) == tasks[5:]
        await asyncio.wait(pending)

    assert quiet(program).failure is None


def test_a_threads_job_is_an_event_of_its_own() -> None:
    async def program() -> None:
        log: list[str] = []
        task = asyncio.create_task(asyncio.to_thread(log.append, "thread"))
        await asyncio.sleep(0)
        log.append("main")
        await task
        assert log == ["main", "thread"]

    # a thread may be quicker, or slower, than what the others do
    assert explore(program, budget=200).failures[0].kind == "AssertionError"


def test_each_task_has_its_own_context() -> None:
    variable = contextvars.ContextVar("variable", default="main")

    async def program() -> None:
        async def work(value: str) -> str:
            variable.set(value)
            await asyncio.sleep(0)
            return variable.get()

        assert await asyncio.gather(work("a"), work("b")) == ["a", "b"]
        assert variable.get() == "main"

    assert not explore(program, budget=100).failures


def test_async_generators_are_closed_in_the_end() -> None:
    closed: list[str] = []

    async def program() -> None:
        async def numbers() -> Any:
            try:
                yield 1
                yield 2
            finally:
                closed.append("numbers")

        kept = numbers()
        async for _ in kept:
            break
        program.kept = kept  # type: ignore[attr-defined]

    assert quiet(program).outcome == "passed"
    assert closed == ["numbers"]


def test_a_callback_that_posts_itself_again_lets_the_others_go_on() -> None:
    async def program() -> None:
        loop, over = asyncio.get_running_loop(), False

        def poll() -> None:
            if not over:
                loop.call_soon(poll)

        poll()
        await asyncio.sleep(0)
        over = True

    campaign = explore(program, budget=100, scheduler="pct")
    assert not campaign.failures


def test_the_world_lends_asyncio() -> None:
    async def program(world: Any) -> None:
        lot = world.lot("desk")
        got: list[object] = []

        async def wait() -> None:
            got.append(await lot.park())

        servant = world.spawn(wait)
        await world.checkpoint()
        while not len(lot):
            await world.sleep(1)
        lot.wake(value="key")
        while not servant.done:
            await world.sleep(1)
        async with world.timeout(2) as timeout:
            await world.sleep(5)
        assert timeout.expired
        assert got == ["key"]

    async def asyncios(world: Any) -> None:
        await asyncio.sleep(0)
        await program(world)

    assert quiet(asyncios).failure is None


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: asyncio.open_connection("localhost", 1), "a real connection"),
        (lambda: asyncio.start_server(print, "localhost", 1), "a real server"),
        (lambda: asyncio.create_subprocess_exec("true"), "a subprocess"),
        (lambda: asyncio.to_thread(from_a_thread, asyncio.get_running_loop()), "threadsafe"),
    ],
)
def test_what_leads_outside_is_refused_by_name(call: Any, says: str) -> None:
    async def program() -> None:
        await call()

    with pytest.raises(OutsideWorld, match=says):
        quiet(program)


def test_passes_allow_asyncios_own_order_only() -> None:
    async def program() -> None:
        log: list[str] = []

        async def say(word: str) -> None:
            log.append(word)

        await asyncio.gather(say("a"), say("b"))
        assert log == ["a", "b"]

    assert explore(program, budget=50).failures
    campaign = explore(program, budget=50, settings=Settings(order="passes"))
    assert not campaign.failures


def test_a_failure_says_whether_asyncios_own_loop_can_produce_it() -> None:
    async def program() -> None:
        count = 0

        async def add() -> None:
            nonlocal count
            before = count
            await asyncio.sleep(0)
            count = before + 1

        await asyncio.gather(add(), add())
        assert count == 2

    assert quiet(program).passes is True


def test_a_task_that_polls_is_not_chosen_for_ever() -> None:
    async def program() -> None:
        over = False

        async def poll() -> None:
            while not over:  # noqa: ASYNC110 this is what is tested
                await asyncio.sleep(0)

        task = asyncio.create_task(poll())
        await asyncio.sleep(0)
        over = True
        await task

    class Last:
        def begin(self) -> bool:
            return True

        def choose(self, point: Any) -> int:
            return int(point.bound - 1)

        def end(self, run: Run) -> None:
            pass

    run = run_once(program, Last())
    assert (run.outcome, run.steps < 300) == ("passed", True)


def test_no_proof_is_claimed_as_long_as_asyncios_objects_are_not_observed() -> None:
    async def program() -> None:
        lock = asyncio.Lock()

        async def work() -> None:
            async with lock:
                await asyncio.sleep(0)

        await asyncio.gather(work(), work())

    campaign = explore(program, scheduler="dpor", budget=500)
    assert not campaign.failures
    assert campaign.certificate[0].startswith("relative, so no proof: ")


def test_a_crash_is_refused_by_name_under_asyncio() -> None:
    async def program(world: World) -> None:
        task = world.spawn(asyncio.sleep, 5)
        task.kill()

    with pytest.raises(BadOption, match="crashes are not simulated under asyncio yet"):
        quiet(program)


def test_a_task_that_a_factory_makes_without_a_name_is_called_alike_in_every_run() -> None:
    seen: list[str] = []

    def factory(loop: asyncio.AbstractEventLoop, coro: Any, **more: Any) -> Any:
        return asyncio.Task(coro, loop=loop, **more)  # named by asyncio, which counts on and on

    async def program() -> None:
        asyncio.get_running_loop().set_task_factory(factory)
        task = asyncio.create_task(asyncio.sleep(0))
        named = asyncio.create_task(asyncio.sleep(0), name="refill")
        await asyncio.gather(task, named)
        seen.extend((task.get_name(), named.get_name()))

    runs = [quiet(program) for _ in range(2)]
    assert seen[:2] == seen[2:]
    assert seen[1] == "refill"
    assert len({run.digest for run in runs}) == 1
    assert "main/sleep#1" in order_of(runs[0])

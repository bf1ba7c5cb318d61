"""Inside a run, time and chance follow the run, and the outside world is refused by name."""

# What an attribute of a module is inside a run is the question: hence calls without arguments.
# ruff: noqa: PLW0108, DTZ003, DTZ005, ICN001
from __future__ import annotations

import asyncio
import datetime
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import trio

from raceexplore import OutsideWorld, Replay, Run, Schedule, Settings
from raceexplore.kernel.fence.guard import guarded
from raceexplore.kernel.run import run_once

REAL = [time.time, time.sleep, datetime.datetime, random.random, random.Random, os.urandom]
START = datetime.datetime(2020, 1, 1)  # noqa: DTZ001


def once(program: Callable[..., Any], entropy: int = 0) -> Run:
    return run_once(program, Replay(Schedule()), settings=Settings(entropy=entropy))


def inside(function: Callable[[], Any], entropy: int = 0) -> Any:
    """Return what ``function`` gives after 90 virtual seconds of a run."""
    found = []

    async def program() -> None:
        await trio.sleep(90)
        found.append(function())

    run = once(program, entropy)
    assert run.failure is None, run.failure
    return found[0]


@pytest.mark.parametrize(
    ("clock", "shown"),
    [
        (lambda: time.time(), 1_577_836_890.0),
        (lambda: time.time_ns(), 1_577_836_890_000_000_000),
        (lambda: time.monotonic(), 90.0),
        (lambda: time.monotonic_ns(), 90_000_000_000),
        (lambda: time.perf_counter(), 90.0),
        (lambda: time.process_time(), 90.0),
        (lambda: trio.current_time(), 90.0),
        (lambda: datetime.datetime.now(), START + datetime.timedelta(seconds=90)),
        (lambda: datetime.datetime.utcnow(), START + datetime.timedelta(seconds=90)),
        (
            lambda: datetime.datetime.now(datetime.UTC),
            START.replace(tzinfo=datetime.UTC) + datetime.timedelta(seconds=90),
        ),
    ],
)
def test_clocks_show_virtual_time(clock: Callable[[], object], shown: object) -> None:
    assert inside(clock) == shown


@pytest.mark.parametrize(
    "chance",
    [
        lambda: random.random(),
        lambda: random.randrange(10**9),
        lambda: random.sample(range(10**6), 5),
        lambda: random.gauss(0, 1),
        lambda: random.getstate(),
        lambda: random.Random().random(),
        lambda: os.urandom(8),
        lambda: uuid.uuid4(),
        lambda: secrets.token_hex(8),
        lambda: secrets.token_bytes(8),
        lambda: secrets.randbelow(10**9),
        lambda: secrets.choice(range(10**9)),
    ],
)
def test_chance_follows_the_entropy_of_the_run_and_nothing_else(
    chance: Callable[[], object],
) -> None:
    assert inside(chance, 1) == inside(chance, 1)
    assert inside(chance, 1) != inside(chance, 2)


def test_outside_a_run_all_of_it_is_real() -> None:
    with guarded():  # installed, but no run is in progress
        inside(lambda: None)
        assert time.time() > 1_700_000_000
        assert datetime.datetime.now(datetime.UTC).year > 2023
        drawn = {random.random() for _ in range(3)} | {random.Random().random() for _ in range(3)}
        assert len(drawn) == 6
        assert os.urandom(8) != os.urandom(8)
        assert uuid.uuid4() != uuid.uuid4()
        first = random.Random(7).random()
        random.seed(7)
        assert random.random() == first
        with socket.socket():
            pass
    after = [time.time, time.sleep, datetime.datetime, random.random, random.Random, os.urandom]
    assert after == REAL


def test_outside_a_run_trios_events_and_threads_are_trios_own() -> None:
    real = [trio.Event.set, vars(trio._threads)["start_thread_soon"]]
    inside = []

    async def program() -> None:
        inside.append(trio.Event.set)

    run_once(program, Replay())
    assert [trio.Event.set, vars(trio._threads)["start_thread_soon"]] == real
    assert inside != real[:1]


def test_a_seeded_generator_keeps_its_own_numbers() -> None:
    assert inside(lambda: random.Random(7).random()) == random.Random(7).random()


def test_sleeping_for_real_lets_virtual_time_pass_and_is_warned_of() -> None:
    async def program() -> None:
        with trio.move_on_after(5) as scope:
            time.sleep(10)  # noqa: ASYNC251 the mistake under test
            await trio.lowlevel.checkpoint()
        assert scope.cancelled_caught
        assert trio.current_time() == 10

    run = once(program)
    assert run.failure is None
    assert run.warnings == ("time.sleep(10) blocks every task; virtual time jumped",)


async def from_a_thread() -> None:
    await trio.to_thread.run_sync(trio.from_thread.run, trio.sleep, 1)


REFUSED: list[tuple[Callable[[], Any], str, str]] = [
    (lambda: socket.socket(), "a real socket", "simulated network"),
    (lambda: trio.socket.socket(), "a real socket", "simulated network"),
    (lambda: socket.getaddrinfo("localhost", 80), "socket.getaddrinfo()", "simulated network"),
    (partial(trio.lowlevel.wait_readable, 0), "trio.lowlevel.wait_readable()", "simulated network"),
    (lambda: threading.Thread(target=print).start(), "a thread", "trio.to_thread.run_sync"),
    (lambda: subprocess.run([sys.executable], check=True), "a subprocess", "an async function"),
    (lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL), "signal.signal()", "a task"),
    (lambda: asyncio.run(None), "asyncio.run()", "trio"),  # type: ignore[arg-type]
    (lambda: asyncio.get_running_loop(), "asyncio", "trio"),
    (lambda: uuid.uuid1(), "uuid.uuid1()", "uuid.uuid4"),
    (from_a_thread, "trio.from_thread.run()", "trio.from_thread.run_sync"),
]


@pytest.mark.parametrize(("call", "what", "tool"), REFUSED)
def test_the_outside_world_is_refused_with_call_line_and_tool(
    call: Callable[[], Any], what: str, tool: str
) -> None:
    async def program() -> None:
        await trio.sleep(1)
        try:
            if (waiting := call()) is not None:
                await waiting
        except Exception:  # noqa: BLE001 the program may not hide it
            await trio.sleep(1)

    with pytest.raises(OutsideWorld) as refused:
        once(program)
    text = str(refused.value)
    assert text.startswith(what)
    assert f" at {__file__}:" in text
    assert "leaves the controlled world; use " in text
    assert tool in text.rpartition("; use ")[2]
    assert "\n" not in text


def test_awaiting_what_only_asyncio_knows_is_refused() -> None:
    class Foreign:
        def __await__(self) -> Any:
            yield None

    async def program() -> None:
        await Foreign()

    with pytest.raises(OutsideWorld, match=r"^asyncio at .*test_guard\.py:\d+ leaves"):
        once(program)


def test_a_threads_function_runs_inline_outside_of_trio() -> None:
    async def program() -> None:
        here = threading.get_ident()

        def work() -> tuple[bool, str]:
            with pytest.raises(RuntimeError):
                trio.lowlevel.current_task()
            name = trio.from_thread.run_sync(lambda: trio.lowlevel.current_task().name)
            return threading.get_ident() == here, name

        inline, name = await trio.to_thread.run_sync(work)
        assert inline
        assert name.endswith("program")
        with pytest.raises(ZeroDivisionError):
            await trio.to_thread.run_sync(lambda: 1 // 0)

    assert once(program).failure is None


def test_another_thread_lives_in_real_time_and_draws_nothing_of_the_run() -> None:
    began, asked, answered = time.monotonic(), threading.Event(), threading.Event()
    seen: list[float] = []

    def beside() -> None:
        asked.wait()
        seen.extend([time.monotonic(), random.random()])
        random.seed(0)
        answered.set()

    async def main() -> None:
        drawn.append(random.random())
        asked.set()
        answered.wait()
        drawn.append(random.random())

    thread = threading.Thread(target=beside)
    thread.start()
    runs: list[list[float]] = []
    for _ in range(2):
        drawn: list[float] = []
        run = run_once(main, Replay())
        assert run.outcome == "passed"
        runs.append(drawn)
    thread.join()
    assert seen[0] >= began
    assert runs[0] == runs[1]  # in the second one nobody draws beside it

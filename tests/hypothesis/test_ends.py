"""However a test case ends, it leaves trio, the process and stderr as they were."""

from __future__ import annotations

import gc
import random
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trio
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from trio._core import _run

from hunting import PHASES, QUIET
from raceexplore import Limits
from raceexplore.hypothesis import Schedule, schedules
from raceexplore.kernel.errors import Inconclusive
from raceexplore.kernel.fence.serving import paused
from raceexplore.toolbox.gaps import Gaps

FILES = Path("/proc/self/fd")


def left_behind() -> dict[str, object]:
    """Return what a run could leave behind; a warning of a coroutine it forgot is an error."""
    with warnings.catch_warnings(action="error"):
        gc.collect()
    return {
        "runs of trio": sorted(vars(_run.GLOBAL_RUN_CONTEXT)),
        "trio's own chance": _run._r.getstate(),
        "chance": random.getstate(),
        "hooks of asynchronous generators": sys.get_asyncgen_hooks(),
        "hook of what cannot be raised": sys.unraisablehook,
        "handlers": [signal.getsignal(s) for s in (signal.SIGINT, signal.SIGALRM)],
        "timer": signal.getitimer(signal.ITIMER_REAL),
        "threads": threading.active_count(),
        "files": len(list(FILES.iterdir())) if FILES.exists() else 0,
        "garbage is collected": gc.isenabled(),
        "clocks": (time.time, time.monotonic, time.sleep),
        "tracer": sys.gettrace(),
    }


@pytest.fixture(autouse=True)
def _trio_still_runs() -> Iterator[None]:
    yield
    trio.run(trio.sleep, 0)


def test_assume_and_a_draw_that_overruns_end_the_case_and_leave_nothing_behind(
    capfd: pytest.CaptureFixture[str],
) -> None:
    cleaned: list[str] = []

    async def program(draw: Callable[[], object]) -> None:
        async def neighbour() -> None:
            try:
                await trio.sleep(1)
            finally:
                cleaned.append("neighbour")

        async def drawer() -> None:
            for _ in range(5_000):
                draw()
                await trio.lowlevel.checkpoint()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(neighbour)
            nursery.start_soon(drawer)

    valid: list[int] = []

    @settings(QUIET, max_examples=3, suppress_health_check=list(HealthCheck), phases=PHASES)
    @given(schedule=schedules(), data=st.data(), much=st.booleans())
    def test(schedule: Schedule, data: st.DataObject, much: bool) -> None:
        if much:  # overruns: Hypothesis raises StopTest in the middle of the run
            schedule.run(program, lambda: data.draw(st.integers(0, 255)))
        else:
            schedule.run(program, lambda: assume(len(cleaned) > 5))
        valid.append(1)

    before = left_behind()
    test()
    assert valid
    assert len(cleaned) > 6
    assert left_behind() == before
    assert capfd.readouterr().err == ""


def test_ctrl_c_in_the_program_ends_the_test_and_leaves_nothing_behind(
    capfd: pytest.CaptureFixture[str],
) -> None:
    async def program() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep_forever)
            await trio.lowlevel.checkpoint()
            raise KeyboardInterrupt

    @settings(QUIET)
    @given(schedule=schedules())
    def test(schedule: Schedule) -> None:
        schedule.run(program)

    before = left_behind()
    with pytest.raises(KeyboardInterrupt):
        test()
    assert left_behind() == before
    assert capfd.readouterr().err == ""


async def three_tasks() -> None:
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(trio.sleep, 1)
        await trio.sleep(2)


@pytest.mark.parametrize("nth", [1, 2, 3, 30, 400])
def test_ctrl_c_in_the_middle_of_our_loop_ends_the_test_in_order(
    nth: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    choices = 0
    choose = Gaps.choose

    def pressing(self: Gaps, point: object) -> int:
        nonlocal choices
        choices += 1
        if choices == nth:
            with paused():  # as a terminal sends it, and not the program
                signal.raise_signal(signal.SIGINT)
        return choose(self, point)  # type: ignore[arg-type]

    monkeypatch.setattr(Gaps, "choose", pressing)
    after: list[int] = []

    @settings(QUIET)
    @given(schedule=schedules())
    def test(schedule: Schedule) -> None:
        try:
            schedule.run(three_tasks)
        finally:
            after.append(choices)

    before = left_behind()
    with pytest.raises(KeyboardInterrupt):
        test()
    assert left_behind() == before
    assert capfd.readouterr().err == ""
    assert after[-1] - nth < 10  # the run in progress was the last one


def test_ctrl_c_goes_before_a_failure_of_the_same_test_case() -> None:
    async def fails() -> None:
        with paused():
            signal.raise_signal(signal.SIGINT)
        raise ValueError

    for schedule in (Schedule(), Schedule((0, 0), sweep=5)):
        with pytest.raises(KeyboardInterrupt):
            schedule.run(fails)


def test_an_event_that_reaches_no_await_is_cut_at_the_limit_of_the_wall_clock() -> None:
    async def stuck() -> None:
        while True:
            pass

    with pytest.raises(Inconclusive, match=r"has not reached an await for 0\.5 s"):
        Schedule().run(stuck, limits=Limits(wall_s=0.5))


def test_what_ends_the_test_case_goes_before_the_failures_that_it_brings_about() -> None:
    class Stop(BaseException):
        """As Hypothesis's StopTest and pytest's skip are: no ordinary exception."""

    async def fails_in_the_end() -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise ArithmeticError

    async def program() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fails_in_the_end)
            await trio.lowlevel.checkpoint()
            raise Stop

    with pytest.raises(Stop):
        Schedule().run(program)

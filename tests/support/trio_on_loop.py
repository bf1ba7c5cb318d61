"""A pytest plugin that runs trio's own tests on raceexplore's loop instead of trio's.

Load it with ``-p trio_on_loop``. TRIO_ORDER in the environment says which orders: ``any`` or
``passes`` for the neutral one, ``any:7`` or ``passes:7`` for random ones that 7 seeds. A test that
takes longer than LIMIT_S fails with its name. TRIO_RESULTS names a file for the outcome of each
test, as JSON. TRIO_SKIPS=no runs what trio_skips.py lists, too.
"""

from __future__ import annotations

import json
import os
import random
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import trio

import trio_skips
from raceexplore.kernel.choice import ChoicePoint
from raceexplore.kernel.program import Limits, Settings
from raceexplore.kernel.scheduler import Replay
from raceexplore.kernel.trio_loop.compat import STRICT, check_trio
from raceexplore.kernel.trio_loop.loop import Loop
from raceexplore.kernel.trio_loop.patches import patches

ORDER, _, ENTROPY = os.environ.get("TRIO_ORDER", "any").partition(":")
LIMIT_S = 20
LIMITS = Limits(steps=300_000)


class Shuffled(Replay):
    """Any option is as likely as any other."""

    def __init__(self, entropy: str) -> None:
        super().__init__()
        self.random = random.Random(entropy)

    def choose(self, point: ChoicePoint) -> int:
        return self.random.randrange(point.bound)


def scheduler() -> Replay:
    """Return what chooses: the neutral order, or a random one of the test's own."""
    test = os.environ["PYTEST_CURRENT_TEST"].partition(" ")[0]
    return Shuffled(f"{ENTROPY} {test}") if ENTROPY else Replay()


def jump_to(clock: trio.testing.MockClock, moment_s: float) -> None:
    """Move a MockClock to ``moment_s``: the one method that it lacks and the loop needs."""
    clock.jump(max(0.0, moment_s - clock.current_time()))


def jump(clock: trio.testing.MockClock, seconds: float) -> None:
    """Jump as MockClock does, and have the loop look at its deadlines before the next event."""
    real_jump(clock, seconds)
    runner = trio._core._run.GLOBAL_RUN_CONTEXT.__dict__.get("runner")
    if runner is not None:
        runner.entry_queue.chores.append((runner.deadlines.expire, (clock.current_time(),)))


real_jump = trio.testing.MockClock.jump


def run(
    async_fn: Callable[..., Any],
    *args: Any,
    clock: Any = None,
    instruments: Sequence[Any] = (),
    restrict_keyboard_interrupt_to_checkpoints: bool = False,
    strict_exception_groups: bool = STRICT,
) -> Any:
    """Do what ``trio.run`` does, on our loop."""
    __tracebackhide__ = True
    if hasattr(trio._core._run.GLOBAL_RUN_CONTEXT, "runner"):
        raise RuntimeError("Attempted to call run() from inside a run()")
    loop = Loop(
        scheduler(),
        settings=Settings(order=ORDER),  # type: ignore[arg-type]
        limits=LIMITS,
        clock=clock,
        instruments=instruments,
        strict=strict_exception_groups,
    )
    loop.run(async_fn, args)
    if isinstance(loop.verdict, BaseException):
        raise trio.TrioInternalError("the loop itself failed") from loop.verdict
    assert not loop.verdict, f"the run ended with the verdict {loop.verdict!r}"
    return loop.runner.main_task_outcome.unwrap()


def pytest_configure(config: pytest.Config) -> None:
    check_trio()
    for owner, name, patch in [*patches()]:
        setattr(owner, name, patch)
    trio.testing.MockClock.jump = jump  # type: ignore[method-assign]
    trio.testing.MockClock.jump_to = jump_to  # type: ignore[attr-defined]
    for module in (trio, trio._core, trio._core._run):
        module.run = run  # type: ignore[attr-defined]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if reason := trio_skips.reason(item.nodeid, ORDER):
            item.add_marker(pytest.mark.skip(reason=reason))


if os.environ.get("TRIO_SKIPS") == "no":
    del pytest_collection_modifyitems

outcomes: dict[str, str] = {}


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    name = report.nodeid.rpartition("/")[2]
    if report.when == "call" or report.outcome != "passed":
        outcome = "xfailed" if hasattr(report, "wasxfail") else report.outcome
        outcomes[name] = f"failed: {report.longreprtext}" if outcome == "failed" else outcome


def pytest_sessionfinish() -> None:
    if "TRIO_RESULTS" in os.environ:
        Path(os.environ["TRIO_RESULTS"]).write_text(json.dumps(outcomes), encoding="utf-8")


class TooLong(BaseException):
    """A test has used up its time."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    def stop(signum: int, frame: FrameType | None) -> None:
        signal.setitimer(signal.ITIMER_REAL, 1)  # once more, should somebody have caught it
        raise TooLong(f"{item.nodeid} has not ended after {LIMIT_S} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, LIMIT_S)
    try:
        return (yield)
    except TooLong as error:
        pytest.fail(str(error))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

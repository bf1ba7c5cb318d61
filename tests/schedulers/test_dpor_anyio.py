"""What anyio's objects share is observed on both runtimes: ``dpor`` finds what ``dfs`` finds."""

from __future__ import annotations

from pathlib import Path

import pytest

import random_anyio
from raceexplore import Program, Settings, explore
from raceexplore.kernel.fence.guard import guarded
from raceexplore.observe.load import load_observed
from raceexplore.search.programs.load import load_program
from sweeps import Sweep, complaints

RUNTIMES = ("trio", "asyncio")
FEW = {"trio": (11, 65, 96), "asyncio": (55, 62, 86)}  # of few schedules each

# the streams of some programs are left open, of which anyio warns
pytestmark = pytest.mark.filterwarnings("ignore", "ignore::pytest.PytestUnraisableExceptionWarning")


def inexact(
    numbers: range | tuple[int, ...], runtime: str, folder: Path, runs_max: int
) -> tuple[int, list[object]]:
    """Return how many programs were small enough, and on which `dpor` is wrong or relative."""
    wrong, looked_at = list[object](), 0
    path = folder / "drawn.py"
    with guarded():
        for number in numbers:
            path.write_text(random_anyio.program(number))
            main = load_observed(path, "drawn").main
            program = Program(main, path.name, True, observed=lambda m=main: m, runtime=runtime)
            complaint, reduced = complaints(program, runs_max)
            looked_at += reduced.complete
            if complaint or (reduced.complete and reduced.opaque):
                wrong.append((number, complaint, reduced.opaque))
    return looked_at, wrong


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_dpor_is_exact_on_drawn_programs(runtime: str, tmp_path: Path) -> None:
    few = FEW[runtime]
    assert inexact(few, runtime, tmp_path, 300) == (len(few), [])


@pytest.mark.slow
@pytest.mark.parametrize(("runtime", "drawn"), [("trio", 260), ("asyncio", 400)])
def test_dpor_is_exact_on_two_hundred_drawn_programs(
    runtime: str, drawn: int, tmp_path: Path
) -> None:
    looked_at, wrong = inexact(range(drawn), runtime, tmp_path, 150)
    assert (looked_at >= 200, wrong) == (True, [])


def outcomes(source: str, runtime: str, folder: Path) -> set[tuple[str, ...]] | None:
    """Return all outcomes of a program, or None if that takes more than 400 runs."""
    path = folder / "drawn.py"
    path.write_text(random_anyio.apart(source))
    with guarded():
        main = load_observed(path, "drawn").main
        program = Program(main, path.name, True, observed=lambda: main, runtime=runtime)
        found = Sweep(program, "dpor", 400)
    return found.outcomes if found.complete else None


def different(numbers: range, folder: Path) -> tuple[int, list[int]]:
    """Return how many programs were small enough, and which end otherwise on the other runtime."""
    looked_at, found = 0, []
    for number in numbers:
        ends = [outcomes(random_anyio.program(number), runtime, folder) for runtime in RUNTIMES]
        if None not in ends:
            looked_at += 1
            found += [number] * (ends[0] != ends[1])
    return looked_at, found


def test_a_few_drawn_programs_end_alike_on_both_runtimes(tmp_path: Path) -> None:
    assert different(range(4, 8), tmp_path) == (4, [])


@pytest.mark.slow
def test_two_hundred_drawn_programs_end_alike_on_both_runtimes(tmp_path: Path) -> None:
    # 51: a task that cancels its own scope goes on from a checkpoint before it hears of that, which
    # asyncio's own order does not allow
    looked_at, found = different(range(260), tmp_path)
    assert (looked_at >= 200, found) == (True, [51])


TWO_LOCKS = """
import anyio

async def main():
    first, second = anyio.Lock(), anyio.Lock()

    async def both(one, other):
        async with one:
            await anyio.sleep(0)
            async with other:
                await anyio.sleep(0)

    async with anyio.create_task_group() as group:
        group.start_soon(both, first, second)
        group.start_soon(both, {order})
"""


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_an_ordinary_program_is_proved_without_naming_anyio(runtime: str, tmp_path: Path) -> None:
    path = tmp_path / "same_order.py"
    path.write_text(TWO_LOCKS.format(order="first, second"))
    proof = explore(load_program(str(path)), scheduler="prove", settings=Settings(runtime=runtime))
    assert (proof.complete, proof.relative, proof.failures) == (True, (), ())
    path = tmp_path / "crossed.py"
    path.write_text(TWO_LOCKS.format(order="second, first"))
    crossed = explore(
        load_program(str(path)), scheduler="prove", settings=Settings(runtime=runtime)
    )
    assert [found.kind for found in crossed.failures] == ["deadlock"]


SHARED_COROUTINE = """
import anyio

async def main():
    async def leaf():
        await anyio.sleep(0)

    async def user(name):
        try:
            await shared
        except RuntimeError as error:
            log.append(str(error))

    shared, log = leaf(), []
    async with anyio.create_task_group() as group:
        group.start_soon(user, "ann")
        group.start_soon(user, "bob")
"""


def test_two_tasks_that_await_one_coroutine_are_not_taken_for_observed(tmp_path: Path) -> None:
    path = tmp_path / "shared_coroutine.py"
    path.write_text(SHARED_COROUTINE)
    proof = explore(load_program(str(path)), scheduler="dpor")
    reason = "what a coroutine that others can reach at shared_coroutine.py:10 does is not observed"
    assert proof.relative == (reason,)

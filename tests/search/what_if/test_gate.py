"""A gate around a span: who goes on while a task is inside, who waits, and what stays as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from raceexplore import Limits, Program, Run, Scheduler, by_name, run_once
from raceexplore.kernel.fence.guard import guarded
from raceexplore.search.programs.load import load_program
from raceexplore.search.what_if.gate import Atomically, Gate
from raceexplore.search.what_if.patched_code import Workshop, in_place

START = """
import trio

point = trio.lowlevel.checkpoint
inside = []


async def main():
    inside.clear()
    async with trio.open_nursery() as nursery:
        for number, task in enumerate(TASKS):
            nursery.start_soon(task, number)


"""
PASSES_BY = """async def enters(me):
    assert not inside, f"{me} is in, and {inside}"
    inside.append(me)
    await point()
    await point()
    inside.remove(me)


async def looks(me):
    for _ in range(2):
        assert not inside, f"{me} sees {inside}"
        await point()

"""
SLEEPS = PASSES_BY.replace("    await point()\n    await point()\n", "    await trio.sleep(1)\n")
CALLS_ITSELF = """async def enters(me, depth=2):
    inside.append(me)
    await point()
    if depth:
        await enters(me, depth - 1)
    assert set(inside) == {me}
    inside.remove(me)

"""
GIVES_UP = """async def enters(me):
    inside.append(me)
    await trio.sleep(5)
    inside.remove(me)


async def hurries(me):
    with trio.move_on_after(me):
        await enters(me)

"""
FAILS_INSIDE = """async def enters(me):
    await point()
    if me == 0:
        raise KeyError(me)

"""


class Workbench:
    """A program of which lines are made atomic."""

    def __init__(self, folder: Path, text: str, tasks: str) -> None:
        file = folder / "program.py"
        file.write_text(f"{START}{text}\nTASKS = [{tasks}]\n", encoding="utf-8")
        self.program: Program = load_program(f"{file}:main")
        self.lines = file.read_text(encoding="utf-8").splitlines()
        self.workshop, self.file = Workshop(), str(file)

    def runs(self, first: str, last: str, scheduler: Scheduler, most: int = 2_000) -> list[Run]:
        """Every run of ``scheduler`` with the lines from ``first`` to ``last`` atomic."""
        numbers = [self.lines.index(line) + 1 for line in (first, last)]
        span = self.workshop.source(self.file).at(numbers)
        assert span is not None
        assert [span.first, span.last] == numbers
        self.gate, runs = Gate(), []
        with guarded(), in_place(self.workshop.twins((span,)), self.gate):
            chooser = Atomically(scheduler, self.gate)
            while len(runs) < most and chooser.begin():
                runs.append(run_once(self.program, chooser, limits=Limits(steps=500)))
                chooser.end(runs[-1])
        return runs


def outcomes(runs: list[Run]) -> set[str]:
    return {run.outcome for run in runs}


def test_all_that_are_inside_come_one_after_the_other(tmp_path: Path) -> None:
    bench = Workbench(tmp_path, PASSES_BY, "enters, enters, enters")
    runs = bench.runs(
        '    assert not inside, f"{me} is in, and {inside}"',
        "    inside.remove(me)",
        by_name("dfs"),
    )
    assert outcomes(runs) == {"passed"}
    assert len(runs) == 6  # orders of three


def test_a_span_that_is_too_short_protects_nothing(tmp_path: Path) -> None:
    bench = Workbench(tmp_path, PASSES_BY, "enters, enters")
    runs = bench.runs("    await point()", "    await point()", by_name("dfs"))
    assert outcomes(runs) == {"passed", "failed"}


def test_nobody_else_goes_on_while_the_one_inside_can(tmp_path: Path) -> None:
    bench = Workbench(tmp_path, PASSES_BY, "enters, looks")
    runs = bench.runs("    inside.append(me)", "    inside.remove(me)", by_name("dfs"))
    assert outcomes(runs) == {"passed"}
    assert len(runs) == 4  # before the three events of the other, after them, and between


def test_while_the_one_inside_waits_others_go_on_but_do_not_enter(tmp_path: Path) -> None:
    first = '    assert not inside, f"{me} is in, and {inside}"'
    enters = Workbench(tmp_path, SLEEPS, "enters, enters")
    assert outcomes(enters.runs(first, "    inside.remove(me)", by_name("dfs"))) == {"passed"}
    looks = Workbench(tmp_path, SLEEPS, "enters, looks")
    runs = looks.runs(first, "    inside.remove(me)", by_name("dfs"))
    told = {run.failure.message for run in runs if run.failure}
    assert told == {"1 sees [0]"}


def test_a_task_may_enter_what_it_is_in(tmp_path: Path) -> None:
    bench = Workbench(tmp_path, CALLS_ITSELF, "enters, enters")
    runs = bench.runs("    inside.append(me)", "    inside.remove(me)", by_name("dfs"))
    assert outcomes(runs) == {"passed"}
    assert len(runs) == 2


def test_a_task_that_gives_up_waiting_lets_the_next_one_in(tmp_path: Path) -> None:
    bench = Workbench(tmp_path, GIVES_UP, "enters, hurries, enters")
    runs = bench.runs("    inside.append(me)", "    inside.remove(me)", by_name("dfs"))
    assert outcomes(runs) == {"passed"}
    # ten seconds: the one in a hurry never got in, or it was first and left after one
    assert {run.virtual_s for run in runs} == {10.0, 11.0}


def test_a_task_that_fails_inside_leaves(tmp_path: Path) -> None:
    bench = Workbench(tmp_path, FAILS_INSIDE, "enters, enters")
    runs = bench.runs("    await point()", "        raise KeyError(me)", by_name("dfs"))
    assert {run.failure.kind for run in runs if run.failure} == {"KeyError"}
    assert outcomes(runs) == {"failed"}


@pytest.mark.parametrize("error", [None, RuntimeError])
def test_the_program_is_itself_again_afterwards(
    tmp_path: Path, error: type[Exception] | None
) -> None:
    bench = Workbench(tmp_path, PASSES_BY, "enters")
    function = bench.program.function.__globals__["enters"]
    code, names = function.__code__, set(function.__globals__)
    span = bench.workshop.source(bench.file).at([bench.lines.index("    await point()") + 1])
    assert span is not None
    try:
        with in_place(bench.workshop.twins((span,)), Gate()):
            assert function.__code__ is not code
            if error:
                raise error
    except RuntimeError:
        pass
    assert function.__code__ is code
    assert set(function.__globals__) == names

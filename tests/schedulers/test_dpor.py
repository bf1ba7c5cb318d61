"""DPOR explores exactly one complete execution of every trace class, and blocks none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import classic_dpor
import random_programs
from raceexplore import NotDeterministic, Program
from raceexplore.kernel.guard import guarded
from raceexplore.kernel.program import as_program
from raceexplore.observe.load import load_observed
from sweeps import Sweep, complaints

SUPPORT = Path(__file__).parent.parent / "support"


@pytest.fixture(autouse=True, scope="module")
def _guard() -> Iterator[None]:
    with guarded():
        yield


def counts(program: Program) -> tuple[int, int, int]:
    found = Sweep(program, "dpor")
    return found.runs, len(found.classes), found.blocked


@pytest.mark.parametrize("n", range(1, 11))
def test_readers_has_2_to_the_n_traces(n: int) -> None:
    assert counts(as_program(classic_dpor.readers(n))) == (2**n, 2**n, 0)


@pytest.mark.parametrize(
    ("n", "traces"), [(2, 5), (3, 12), (4, 28), (5, 64), (6, 144), (7, 320), (8, 704)]
)
def test_lastzero_has_the_published_number_of_traces(n: int, traces: int) -> None:
    assert counts(as_program(classic_dpor.lastzero(n))) == (traces, traces, 0)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "traces"), [(9, 1536), (10, 3328)])
def test_lastzero_has_the_published_number_of_traces_further_on(n: int, traces: int) -> None:
    assert counts(as_program(classic_dpor.lastzero(n))) == (traces, traces, 0)


def popl(name: str, n: int) -> Program:
    module = load_observed(SUPPORT / "popl_programs.py", "popl_programs_observed")
    main = getattr(module, name)(n)
    return Program(main, name, observed=lambda: main)


@pytest.mark.parametrize(("n", "traces"), [(13, 1), (14, 2), (15, 4), (16, 8), (17, 16)])
def test_filesystem_has_2_to_the_n_minus_13_traces(n: int, traces: int) -> None:
    assert counts(popl("filesystem", n)) == (traces, traces, 0)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "traces"), [(18, 32), (19, 64)])
def test_filesystem_has_2_to_the_n_minus_13_traces_further_on(n: int, traces: int) -> None:
    assert counts(popl("filesystem", n)) == (traces, traces, 0)


@pytest.mark.parametrize(("n", "traces"), [(11, 1), (12, 8)])
def test_indexer_has_8_to_the_n_minus_11_traces(n: int, traces: int) -> None:
    assert counts(popl("indexer", n)) == (traces, traces, 0)


@pytest.mark.slow
@pytest.mark.parametrize(("n", "traces"), [(13, 64), (14, 512)])
def test_indexer_has_8_to_the_n_minus_11_traces_further_on(n: int, traces: int) -> None:
    assert counts(popl("indexer", n)) == (traces, traces, 0)


def compare(folder: Path, seeds: range, *, branches: bool) -> tuple[list[object], int]:
    """Return the seeds where dpor and dfs differ, and how many executions were blocked."""
    wrong: list[object] = []
    blocked = 0
    for seed in seeds:
        path = folder / f"generated_{seed}.py"
        path.write_text(random_programs.program(seed, branches=branches))
        main = load_observed(path, "generated").main
        program = Program(main, path.name, wants_world=True, observed=lambda main=main: main)
        complaint, reduced = complaints(program)
        blocked += reduced.blocked
        wrong += [(seed, complaint)] if complaint else []
    return wrong, blocked


def test_dpor_meets_the_classes_and_outcomes_of_dfs_once_each(tmp_path: Path) -> None:
    assert compare(tmp_path, range(100), branches=False) == ([], 0)


@pytest.mark.slow
def test_dpor_meets_the_classes_and_outcomes_of_dfs_once_each_2000(tmp_path: Path) -> None:
    assert compare(tmp_path, range(2_000), branches=False) == ([], 0)


@pytest.mark.slow
def test_dpor_stays_complete_where_data_decide_what_is_touched(tmp_path: Path) -> None:
    # such an event may turn out, once executed, not to have been in the way: docs/schedulers.md
    wrong, blocked = compare(tmp_path, range(10_000, 11_000), branches=True)
    assert wrong == []
    assert blocked <= 3


def test_dpor_says_when_a_task_can_no_longer_run(tmp_path: Path) -> None:
    path = tmp_path / "moody.py"
    path.write_text(
        "import trio\nruns = []\nasync def main():\n    runs.append(1)\n    x = [0]\n"
        "    async def one():\n        x[0] += 1\n"
        "    async with trio.open_nursery() as n:\n"
        "        n.start_soon(one)\n        n.start_soon(one)\n"
        "        n.start_soon(one, name='late' if len(runs) > 1 else None)\n"
    )
    main = load_observed(path, "moody").main
    with pytest.raises(NotDeterministic, match="dpor: main/one#3 could run here"):
        Sweep(Program(main, "moody", observed=lambda: main), "dpor")

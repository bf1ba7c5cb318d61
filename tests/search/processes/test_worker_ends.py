"""Worker processes that die, get stuck or come late; which there are, and that none is left."""

from __future__ import annotations

import functools
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from raceexplore import BadOption, ChoicePoint, Limits, Run, Settings, explore
from raceexplore.search.corpus.replay import replay
from raceexplore.search.processes import units, workers
from raceexplore.search.programs.load import load_program
from shared import BUDGET, RARE, SEES, Written, alike, share_at_once, told, writer


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    share_at_once(monkeypatch)


@pytest.fixture
def written(tmp_path: Path) -> Written:
    return writer(tmp_path)


@dataclass
class Late:
    """Run 40 fails, but is slow to begin; so does every run after it, at once."""

    def __post_init__(self) -> None:
        self.next_run = 0

    def begin(self) -> bool:
        if self.next_run == 40:
            time.sleep(0.5)
        self._index, self.next_run = self.next_run, self.next_run + 1
        return True

    def choose(self, point: ChoicePoint) -> int:
        return point.bound - 1 if self._index >= 40 else 0

    def end(self, run: Run) -> None:
        """Nothing to learn."""


LAST_FIRST = """
async def main():
    assert (await drawn())[0] == "a"
"""


def test_the_failure_of_lowest_index_wins_although_a_later_one_is_there_before(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    came: list[int] = []
    note = workers.Crew._note

    def noting(self: workers.Crew, index: int, of_it: Any) -> None:
        if of_it.run is not None and of_it.run.failure:
            came.append(index)
        note(self, index, of_it)

    monkeypatch.setattr(workers, "UNIT_S", 1e-9)  # one run a unit
    monkeypatch.setattr(workers.Crew, "_note", noting)
    campaign = explore(written(LAST_FIRST), scheduler=Late(), jobs=2, budget=200, shrink=False)
    assert came[0] > 40
    assert campaign.failures[0].first_run == 40
    assert campaign.runs == 41


KILLS_ONCE = """
async def main():
    order = await drawn()
    if in_a_worker() and order.startswith("cb") and not (HERE / "killed").exists():
        (HERE / "killed").touch()
        ctypes.CDLL(None).kill(os.getpid(), signal.SIGKILL)  # os.kill would be refused
"""


@pytest.mark.parametrize("scheduler", ["random", "pos"])
def test_a_killed_process_changes_nothing(written: Written, tmp_path: Path, scheduler: str) -> None:
    program = written(KILLS_ONCE)
    alone = explore(program, scheduler=scheduler, budget=300, stop="never")
    assert not (tmp_path / "killed").exists()
    shared = explore(program, scheduler=scheduler, budget=300, stop="never", jobs=2)
    assert (tmp_path / "killed").exists()
    # in a worker the program looks at the file system, and the certificate says so
    names = [text.partition("; relative: ")[0] for text in shared.certificate]
    assert told(replace(shared, certificate=tuple(names))) == told(alone)


KILLS = """
async def main():
    order = await drawn()
    if in_a_worker() and order.startswith("cba"):
        ctypes.CDLL(None).kill(os.getpid(), signal.SIGKILL)  # os.kill would be refused
    assert not order.startswith("cba")
"""


def test_a_run_that_kills_its_process_each_time_is_a_failure_with_its_schedule(
    written: Written,
) -> None:
    program = written(KILLS)
    alone = explore(program, scheduler="random", budget=500, shrink=False)
    (found,) = explore(program, scheduler="random", budget=500, jobs=2, shrink=False).failures
    assert (found.kind, found.first_run) == ("process ended", alone.failures[0].first_run)
    assert found.message.startswith("SIGKILL: the next event of main after ")
    assert replay(program, found.run.seed).failure is not None  # here it is an assertion that fails


SPINS = """
async def main():
    if (await drawn()).startswith("cb"):
        while True:
            pass
"""


def test_a_run_that_is_stuck_ends_the_campaign_at_its_index(
    written: Written,
) -> None:
    asked: dict[str, Any] = {"scheduler": "random", "entropy": 3, "limits": Limits(wall_s=0.3)}
    campaign = alike(written(SPINS), counts=(1, 2), **asked)
    assert campaign.stopped == "stuck"
    assert 5 < campaign.runs < BUDGET


def test_a_closure_can_be_shared_as_long_as_this_process_can_be_forked(
    written: Written,
) -> None:
    main = written(RARE).function
    program = functools.partial(main)
    assert told(explore(program, scheduler="random", jobs=2, budget=100)) == told(
        explore(program, scheduler="random", budget=100)
    )


@pytest.fixture
def another_thread() -> Iterator[None]:
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    yield
    over.set()
    thread.join()


@pytest.mark.usefixtures("another_thread")
def test_beside_another_thread_the_program_is_loaded_anew(
    written: Written,
) -> None:
    alike(written(SEES), counts=(1, 2), scheduler="random", budget=200)
    alike(written(RARE), counts=(1, 2), scheduler="surw", budget=200)


@pytest.mark.usefixtures("another_thread")
def test_a_closure_is_refused_beside_another_thread() -> None:
    async def inner() -> None:
        """Nothing to do."""

    for program in (inner, functools.partial(inner)):
        with pytest.raises(BadOption, match="cannot be loaded by name in another process"):
            explore(program, scheduler="random", jobs=2)


def test_a_scheduler_that_no_other_process_can_make_is_refused(written: Written) -> None:
    @dataclass
    class Own(Late):
        """A class that cannot be imported."""

    with pytest.raises(BadOption, match="cannot be made in another process"):
        explore(written(SEES), scheduler=Own(), jobs=2)


def test_any_executor_whose_processes_can_import_the_program_will_do(
    written: Written,
) -> None:
    program = written(SEES)
    spawned = functools.partial(ProcessPoolExecutor, 2, get_context("spawn"))
    asked: dict[str, Any] = {"scheduler": "urw", "budget": 200, "stop": "never", "shrink": False}
    shared = explore(program, jobs=2, executor=spawned, **asked)
    assert told(shared) == told(explore(program, **asked))


ALONE = """
from contextvars import copy_context

async def main():
    assert "the engine's" not in [variable.name for variable in copy_context()]
"""


def test_what_an_engine_keeps_in_its_context_is_none_of_the_programs(written: Written) -> None:
    program, reports = written(ALONE), []
    setup = units.Setup((0, 0), lambda: program, Settings(), Limits(), Late, False)

    def engine() -> None:
        ContextVar[int]("the engine's").set(1)
        reports.append(units.work(setup, units.Unit(((0, 0), (1, 1)))))

    thread = threading.Thread(target=engine)
    thread.start()
    thread.join()
    assert [told.run for told in reports[0].told] == [None, None]  # both passed


def test_threads_are_refused(written: Written) -> None:
    threads = functools.partial(ThreadPoolExecutor, 2)
    with pytest.raises(BadOption, match="in other processes"):
        explore(written(SEES), scheduler="random", executor=threads, stop="never")


@pytest.mark.parametrize("jobs", [0, -1, "many", 2.0, True])
def test_a_wrong_number_of_jobs_is_told(jobs: Any) -> None:
    with pytest.raises(BadOption, match="jobs is a number from 1, or 'auto'"):
        explore(load_program("models/ticketing/fixed.py"), jobs=jobs)


def test_the_time_limit_ends_a_shared_campaign(written: Written) -> None:
    campaign = explore(written(SEES), scheduler="random", budget=10**9, stop="never", jobs=2,
                       time_limit_s=0.5, shrink=False)  # fmt: skip
    assert campaign.stopped == "time"
    assert campaign.runs > 64
    assert campaign.failures


def test_no_process_is_left(written: Written) -> None:
    before = _children()
    explore(written(RARE), scheduler="random", budget=500, jobs=3)
    explore(written(LAST_FIRST), scheduler=Late(), budget=500, jobs=3)
    assert _children() == before


def _children() -> list[str]:
    tasks = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    return sorted(pid for file in tasks for pid in file.read_text().split())


def test_an_interrupted_campaign_keeps_what_was_found(
    written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press(runs: int, failures: int) -> None:
        if failures:
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        campaign = explore(written(SEES), scheduler="random", budget=10**9, stop="never", jobs=2,
                           progress=press)  # fmt: skip
    finally:
        signal.signal(signal.SIGINT, before)
    assert campaign.stopped == "interrupted"
    assert campaign.failures

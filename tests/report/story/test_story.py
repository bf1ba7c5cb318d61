"""The rows of a failing run: segments, stars, folds, and the values that tasks fight over."""

from __future__ import annotations

from pathlib import Path

import pytest

from raceexplore import Deviation, Replay, Run, Schedule, Settings, run_once
from raceexplore.kernel.names import short_names
from raceexplore.kernel.program import Limits
from raceexplore.report.story.contested import short_labels
from raceexplore.report.story.story import Fold, Segment, fold, segments
from raceexplore.report.terminal.table import folded_line, schedule
from raceexplore.search.observed.with_values import with_values
from raceexplore.search.programs.load import load_program
from raceexplore.search.race_kinds.race_of import race_of
from small_programs import BANK, CROSSED_LOCKS

ANN_IS_PREEMPTED = Deviation("task", "main/ann", 1, "main/bob")
TIMEOUT = """
import trio


async def work(done):
    with trio.move_on_after(5):
        await trio.lowlevel.checkpoint()
        done.append(1)


async def main():
    done = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(work, done, name="work")
    assert done, "timed out"
"""
DRAWS = """
async def main(world):
    quiet = world.pick("colour", ["red", "blue"])
    assert quiet == "red", "not red"
"""


def replayed(folder: Path, text: str, *deviations: Deviation, time: str = "strict") -> Run:
    (folder / "program.py").write_text(text, encoding="utf-8")
    program = load_program(str(folder / "program.py"))
    settings = Settings(time=time)  # type: ignore[arg-type]
    run = run_once(program, Replay(Schedule(deviations)), settings=settings, record=True)
    return with_values(run, Limits())


def told(run: Run) -> list[tuple[str, int, int, str]]:
    return [(s.task, s.first, s.last, s.stop) for s in segments(run)]


def test_events_of_one_task_in_a_row_are_one_segment(tmp_path: Path) -> None:
    assert told(replayed(tmp_path, BANK)) == [
        ("main", 0, 0, "waits"),
        ("main/ann", 1, 2, "ends"),
        ("main/bob", 3, 4, "ends"),
        ("main", 5, 5, "ends"),
    ]


def test_a_deviation_cuts_a_segment_and_carries_the_star(tmp_path: Path) -> None:
    run = replayed(tmp_path, BANK, ANN_IS_PREEMPTED)
    assert told(run) == [
        ("main", 0, 0, "waits"),
        ("main/ann", 1, 1, "preempted"),
        ("main/bob", 2, 3, "ends"),
        ("main/ann", 4, 4, "ends"),
        ("main", 5, 5, "fails"),
    ]
    assert [(s.task, s.over) for s in segments(run) if s.star] == [("main/bob", "main/ann")]


def test_a_task_chosen_out_of_turn_carries_the_star_and_preempts_nobody(tmp_path: Path) -> None:
    run = replayed(tmp_path, BANK, Deviation("task", "main", 1, "main/bob"))
    assert [(s.task, s.over) for s in segments(run) if s.star] == [("main/bob", "")]


def test_time_that_passes_early_is_told(tmp_path: Path) -> None:
    early = Deviation("task", "main/work", 1, "clock")
    run = replayed(tmp_path, TIMEOUT, early, time="elastic")
    assert run.failure is not None
    assert [(s.task, s.time_s) for s in segments(run) if s.early] == [("main/work", 5.0)]


def test_a_draw_that_deviates_is_told_with_its_value(tmp_path: Path) -> None:
    run = replayed(tmp_path, DRAWS, Deviation("data", "main:colour", 0, 1))
    assert [s.picks for s in segments(run)] == [(("data", "colour", "'blue'", 0),)]


def test_tasks_of_a_deadlock_wait(tmp_path: Path) -> None:
    run = replayed(tmp_path, CROSSED_LOCKS, Deviation("task", "main/left", 1, "main/right"))
    last = {s.task: s.stop for s in segments(run)}
    assert last == {"main": "waits", "main/left": "waits", "main/right": "waits"}


def test_only_contested_values_are_told(tmp_path: Path) -> None:
    # set once, before anybody else is there, and then read by both: no conflict
    with_a_limit = BANK.replace("    bank = Bank()\n", "    bank = Bank()\n    bank.limit = 0\n")
    with_a_limit = with_a_limit.replace("seen - amount", "max(bank.limit, seen - amount)")
    run = replayed(tmp_path, with_a_limit, ANN_IS_PREEMPTED)
    labels = [(s.task, [a.label.partition(".")[2] for a in s.accesses]) for s in segments(run)]
    assert labels == [
        ("main", []),
        ("main/ann", ["balance"]),
        ("main/bob", ["balance", "balance"]),
        ("main/ann", ["balance"]),
        ("main", ["balance"]),
    ]


def test_folding_keeps_the_switches_and_the_end(tmp_path: Path) -> None:
    run = replayed(tmp_path, BANK, ANN_IS_PREEMPTED)
    all_of_them = segments(run)
    size = {s.first: 2 for s in all_of_them}
    shown = fold(all_of_them, size, 8, ())
    assert [s.first if isinstance(s, Segment) else s for s in shown] == [
        Fold(1, 0, 0, ("main",), 0, 0), 1, 2, 4, 5,
    ]  # fmt: skip
    assert fold(all_of_them, size, 100, ()) == list(all_of_them)


def test_no_step_that_is_spoken_of_is_folded_whatever_room_there_is(tmp_path: Path) -> None:
    run = replayed(tmp_path, BANK, ANN_IS_PREEMPTED)
    all_of_them = segments(run)
    size = {s.first: 2 for s in all_of_them}
    shown = fold(all_of_them, size, 0, {1, 4})
    assert [s.first if isinstance(s, Segment) else s for s in shown] == [
        Fold(1, 0, 0, ("main",), 0, 0), 1, 2, 4, 5,
    ]  # fmt: skip


SLEEPER = """
import trio


async def main():
    await trio.sleep(3)
    await trio.sleep(4)
    assert False
"""


def test_no_segment_spans_a_sleep_and_a_fold_tells_its_times(tmp_path: Path) -> None:
    run = replayed(tmp_path, SLEEPER)
    all_of_them = segments(run)
    assert [(s.first, s.last, s.time_s) for s in all_of_them] == [(0, 0, 0), (1, 1, 3), (2, 2, 7)]
    (folded, _) = fold(all_of_them, {0: 9, 1: 9, 2: 9}, 9, ())
    assert folded == Fold(2, 0, 1, ("main",), 0, 3)
    names = {"main": "main"}
    line = folded_line(folded, names, moves=True)
    assert line.plain == "  ...     steps 0 to 1, from 0 to 3 s, in the default order: main"


MANY_LOOKS = """
import trio


class Shop:
    def __init__(self):
        self.a = self.b = self.c = self.d = self.e = self.f = self.left = 0


async def sell(shop):
    shop.a = shop.b = shop.c = shop.d = shop.e = shop.f = 1
    left = shop.left
    await trio.lowlevel.checkpoint()
    shop.left = left + 1


async def main():
    shop = Shop()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(sell, shop, name="ann")
        nursery.start_soon(sell, shop, name="bob")
    assert shop.left == 2
"""


def test_of_many_accesses_those_of_the_race_are_told(tmp_path: Path) -> None:
    run = replayed(tmp_path, MANY_LOOKS, ANN_IS_PREEMPTED)
    race = race_of(run)
    assert race is not None
    told, short = (
        [line.plain for line in schedule(run, 100, 40, race=known) if "Shop.left" in line.plain]
        for known in (race, None)
    )
    # seven locations are contested, of which six are told: ann's read, bob's read and write, ...
    assert [" ".join(line.split()).partition("s ")[2] for line in told] == [
        "12 Shop.left = 0",
        "12 Shop.left = 0",
        "14 Shop.left = 0 -> 1",
        "14 Shop.left = 1 -> 1",
        "22 Shop.left = 1",
    ]
    assert len(short) < len(told)


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["main", "main/ann"], ["main", "ann"]),
        (["main", "main/main"], ["main", "main/main"]),
        (["main/a/b"], ["a/b"]),
    ],
)
def test_short_names_stay_distinct(paths: list[str], names: list[str]) -> None:
    assert list(short_names(paths).values()) == names


def test_labels_lose_the_number_where_it_tells_nothing() -> None:
    assert short_labels(["Bank#3.balance", "Shop#1.left", "Shop#2.left", "list#4"]) == {
        "Bank#3.balance": "Bank.balance",
        "Shop#1.left": "Shop#1.left",
        "Shop#2.left": "Shop#2.left",
        "list#4": "list#4",
    }

"""A failure of the default schedule is told by the nearest schedule that passes."""

from __future__ import annotations

from pathlib import Path

from command import Rx
from raceexplore import Limits, Replay, Run, run_once
from raceexplore.search.programs.load import load_program
from raceexplore.search.why.nearest_passing import nearest_passing

TOO_EARLY = """
import trio


async def reader(box, got):
    got.append(box["ready"])


async def writer(box):
    box["ready"] = True


async def main():
    box, got = {"ready": False}, []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(reader, box, got, name="reader")
        nursery.start_soon(writer, box, name="writer")
    assert got == [True]
"""
ALWAYS = TOO_EARLY.replace("got == [True]", "got == []")
SLOW = """
import trio

from raceexplore.sim import LogNormal


async def main(world):
    with trio.move_on_after(0.9) as scope:
        await LogNormal(median_s=1, sigma=1).sleep(world, "call")
    assert not scope.cancelled_caught
"""


def failing(folder: Path, text: str) -> Run:
    (folder / "box.py").write_text(text.lstrip(), encoding="utf-8")
    run = run_once(load_program(str(folder / "box.py")), Replay(), record=True)
    assert run.failure is not None
    return run


def test_the_nearest_passing_schedule_has_no_deviation_to_spare(tmp_path: Path) -> None:
    found = nearest_passing(failing(tmp_path, TOO_EARLY), Limits())
    assert found.schedule is not None
    assert found.schedule.size == 1


def test_that_no_schedule_passes_is_known_where_they_are_few(tmp_path: Path) -> None:
    found = nearest_passing(failing(tmp_path, ALWAYS), Limits())
    assert (found.schedule, found.every, found.left_out) == (None, 2, "")


def test_a_latency_may_be_what_makes_it_pass(tmp_path: Path) -> None:
    found = nearest_passing(failing(tmp_path, SLOW), Limits())
    assert found.schedule is not None
    assert [deviation.kind for deviation in found.schedule.deviations] == ["latency"]


def test_the_report_says_what_makes_it_pass(rx: Rx, tmp_path: Path) -> None:
    (tmp_path / "box.py").write_text(TOO_EARLY.lstrip(), encoding="utf-8")
    told = " ".join(rx("run", "box.py").out.split())
    assert (
        "It fails on the default schedule. One ordering makes the default schedule pass:"
        " writer writes box['ready'] = False -> True (step 2, line 9)"
        " before reader reads box['ready'] = False (step 1, line 5)"
    ) in told


def test_the_report_says_that_nothing_makes_it_pass(rx: Rx, tmp_path: Path) -> None:
    (tmp_path / "box.py").write_text(ALWAYS.lstrip(), encoding="utf-8")
    assert "No schedule passes: all 2 fail." in rx("run", "box.py").out

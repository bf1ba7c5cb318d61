"""The rows of a run, as a reader would write them down."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bank_report import BANK, failing
from raceexplore import Deviation, Limits, Run, Schedule
from raceexplore.report.story.rows import Arrow, Part, Segment, Switch
from raceexplore.report.story.timeline import timeline
from raceexplore.report.story.view import View, view
from raceexplore.search.race_kinds.accesses import is_blind


def test_the_rows_of_a_lost_update(bank: View) -> None:
    rows = bank.rows
    lanes = [(lane.name, lane.depth, lane.first, lane.last, lane.involved) for lane in rows.lanes]
    assert lanes == [
        ("main", 0, 0, 7, True),
        ("ann", 1, 1, 5, True),
        ("bob", 1, 2, 3, True),
        ("idle#1", 1, 4, 6, False),
    ]
    assert rows.segments == (
        Segment(0, 0, 0, "waits"),
        Segment(1, 1, 1, "preempted"),
        Segment(2, 2, 3, "ends"),
        Segment(3, 4, 4, "waits"),
        Segment(1, 5, 5, "ends"),
        Segment(3, 6, 6, "ends"),
        Segment(0, 7, 7, "fails"),
    )
    assert rows.switches == (
        Switch(1, 0, 1, -1, preempted=False, why="main waits; ann is next"),
        Switch(2, 1, 2, 0, preempted=True, why="bob runs although ann could go on"),
        Switch(4, 2, 3, -1, preempted=False, why="bob has ended; idle#1 is next"),
        Switch(5, 3, 1, -1, preempted=False, why="idle#1 waits; ann is next"),
        Switch(6, 1, 3, -1, preempted=False, why="ann has ended; idle#1 is next"),
        Switch(7, 3, 0, -1, preempted=False, why="idle#1 has ended; main is next"),
    )


def test_only_arrows_that_follow_from_no_others(bank: View) -> None:
    label = "Account.balance"
    assert [arrow for arrow in bank.rows.arrows if arrow.kind != "time"] == [
        Arrow("wakes", 0, 1),
        Arrow("wakes", 0, 2),
        Arrow("conflict", 1, 3, label),
        Arrow("wakes", 0, 4),
        Arrow("conflict", 3, 5, label),
        Arrow("wakes", 6, 7),
    ]


def test_the_overwritten_value_and_the_stale_read_are_marked(bank: View) -> None:
    race, label = bank.rows.race, "Account.balance"
    assert race is not None
    assert race.kind == "lost update"
    assert race.parts == (
        Part(1, "stale read", label), Part(3, "lost", label), Part(5, "overwrites", label),
    )  # fmt: skip
    assert bank.diagnosis == (
        (
            "Lost update: ann read Account.balance = 0 (step 1, line 11), bob wrote 20 (step 3,"
            " line 13) in between, and ann wrote 10 over it (step 5, line 13)."
        ),
        "It takes 1 deviation from the default schedule.",
        "Without any deviation the program passes.",
        (
            "One ordering decides it: keep it and the default schedule fails, reverse it and it"
            " does not."
        ),
        (
            f"bob reads {label} = 0 (step 2, line 11)"
            f" before ann writes {label} = 20 -> 10 (step 5, line 13)"
        ),
    )


def test_a_touch_tells_its_value_and_its_line(bank: View) -> None:
    (touch,) = [touch for touch in bank.rows.steps[5].touches if touch.contended]
    assert (touch.write, touch.line, touch.before, touch.after) == (True, 13, "20", "10")
    assert Path(touch.file).name == "bank.py"


def test_a_check_on_a_stale_read_is_no_lost_update(tmp_path: Path) -> None:
    text = BANK.replace("account.balance = seen + amount", "account.balance += amount")
    run = failing(tmp_path / "bank.py", text)
    race = view(run, limits=Limits()).rows.race
    assert race is None or race.kind != "lost update"


@pytest.mark.parametrize(
    ("line", "blind"),
    [
        ("account.balance = seen + amount", True),
        ("account.balance = account.balance + amount", False),
        ("account.balance += amount", False),
        ("stock[key] = left", True),
        ("if self.left < 1:", False),
        ("self.total = (", False),
    ],
)
def test_only_a_plain_assignment_is_blind(tmp_path: Path, line: str, *, blind: bool) -> None:
    (tmp_path / "x.py").write_text(f"{line}\n")
    assert is_blind(f"{tmp_path / 'x.py'}:1") is blind


def test_a_deadlock_says_who_waits_for_whom(tmp_path: Path) -> None:
    text = """
import trio
async def take(first, second):
    async with first:
        await trio.lowlevel.checkpoint()
        async with second:
            pass
async def main():
    a, b = trio.Lock(), trio.Lock()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(take, a, b, name="ann")
        nursery.start_soon(take, b, a, name="bob")
"""
    run = failing(tmp_path / "locks.py", text)
    shown = view(run, limits=Limits())
    assert [lane.waits for lane in shown.rows.lanes] == [
        "waits for the tasks of its nursery: ann, bob",
        "waits for a Lock that bob holds",
        "waits for a Lock that ann holds",
    ]
    assert shown.diagnosis[:2] == (
        (
            "Deadlock cycle: ann holds Lock#3 (step 1, line 4) and waits for bob's Lock#4 (step 6,"
            " line 6); bob holds Lock#4 (step 2, line 4) and waits for ann's Lock#3 (step"
            " 4, line 6)."
        ),
        "ann waits for a Lock that bob holds; bob waits for a Lock that ann holds.",
    )


def test_a_deviating_draw_is_told_by_its_event(tmp_path: Path) -> None:
    text = """
async def main(world):
    assert world.pick("coin", ["heads", "tails"]) == "heads"
"""
    schedule = Schedule((Deviation("data", "main:coin", 0, 1),))
    run = failing(tmp_path / "coin.py", text, schedule)
    rows = view(run, limits=Limits()).rows
    ((draw,),) = [step.draws for step in rows.steps]
    assert (draw.label, draw.value, draw.deviation) == ("coin", "'tails'", 0)


def test_the_rows_are_plain_json(bank: View) -> None:
    value = json.loads(json.dumps(bank.rows.rows()))
    assert value["switches"][1]["why"] == "bob runs although ann could go on"
    assert value["steps"][5]["touches"][0]["after"] == "10"


def test_arrows_are_looked_for_in_the_window_before_the_failure(bank: View) -> None:
    rows = timeline(bank.run, window=3)
    assert rows.window == (5, 8)
    assert {arrow.source for arrow in rows.arrows} <= {5, 6, 7}


def test_a_run_without_events_has_no_rows(bank_run: Run) -> None:
    assert bank_run.events == ()
    assert timeline(bank_run).rows()["steps"] == ()


def test_what_is_prepared_before_it_is_handed_over_is_no_race(tmp_path: Path) -> None:
    text = """
import trio
class Box:
    pass
async def look(box):
    assert box.size != 2
async def main():
    box = Box()
    box.size = 3
    async with trio.open_nursery() as nursery:
        nursery.start_soon(look, box)
        nursery.start_soon(look, box)
        nursery.start_soon(trio.sleep, 1)
    box.size = 4
"""
    handed = text.replace("    box.size = 4\n", "")
    for program, expected in ((handed, set()), (text, {"Box.size"})):
        rows = view(failing(tmp_path / "box.py", program, Schedule()), limits=Limits()).rows
        touches = [touch for step in rows.steps for touch in step.touches]
        assert {touch.label for touch in touches if touch.contended} == expected

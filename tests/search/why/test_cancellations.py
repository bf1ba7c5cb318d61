"""Who cancelled whom, and whose time was up: told in rows, sentences, orders and JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from command import Rx
from raceexplore import Run, explore
from raceexplore.kernel.events.trace import Site, Stop
from raceexplore.search.programs.load import load_program
from raceexplore.search.why.cancellations import Cancellations, CancelWords, wait_in_words

# A turnstile lets the first in the line in; whoever gives up stays in the line for a moment.
TURNSTILE = """
import trio


class Turnstile:
    def __init__(self):
        self.line = []

    async def enter(self):
        turn = trio.Event()
        self.line.append(turn)
        try:
            await turn.wait()
        finally:
            if turn in self.line:
                self.line.remove(turn)

    def turn(self):
        if self.line:
            self.line.pop(0).set()


async def main():
    turnstile, through = Turnstile(), []
    tired = trio.CancelScope()

    async def visitor(name, scope):
        with scope:
            await turnstile.enter()
            through.append(name)

    async def gives_up():
        await trio.sleep(3)
        tired.cancel()

    async def guard():
        await trio.sleep(3)
        turnstile.turn()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(visitor, "ann", tired, name="ann")
        nursery.start_soon(visitor, "bob", trio.CancelScope(), name="bob")
        nursery.start_soon(guard, name="guard")
        nursery.start_soon(gives_up, name="gives up")
        await trio.sleep(5)
        assert through, "nobody came through"
        nursery.cancel_scope.cancel()
"""
# It is out of time in the middle of what cannot be left there.
LATE = """
import trio


class Seats:
    def __init__(self):
        self.taken = 0


async def book(seats):
    seats.taken += 1
    await trio.sleep(9)
    seats.taken -= 1


async def main():
    seats = Seats()
    with trio.move_on_after(4):
        await book(seats)
    assert seats.taken == 0
"""
CRASH = """
import trio


async def worker():
    await trio.sleep(2)


async def main():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(worker, name="worker")
        await trio.sleep(1)
        raise ValueError("no more")
"""
NEVER_TAKEN = """
import trio


async def main():
    got = []
    send, receive = trio.open_memory_channel(0)

    async def reader():
        with trio.move_on_after(1):
            got.append(await receive.receive())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(reader, name="reader")
    assert got
"""


def failing(folder: Path, text: str) -> Run:
    (folder / "hall.py").write_text(text.lstrip(), encoding="utf-8")
    campaign = explore(load_program(str(folder / "hall.py")), budget=500, explain=False)
    return campaign.failures[0].run


def number(text: str, line: str) -> int:
    return text.lstrip().split("\n").index(line) + 1


def test_a_cancellation_knows_its_author_its_victim_and_its_lines(tmp_path: Path) -> None:
    run = failing(tmp_path, TURNSTILE)
    facts = Cancellations(run)
    event, cancel = facts.decisive()[0]
    author = facts.author(cancel)
    assert author is not None
    assert (author.task, run.events[event].task) == ("main/gives up", "main/ann")
    assert cancel.called == f"{tmp_path / 'hall.py'}:{number(TURNSTILE, '        tired.cancel()')}"
    assert cancel.opened == f"{tmp_path / 'hall.py'}:{number(TURNSTILE, '        with scope:')}"


def test_the_cancel_comes_before_the_grant_and_no_line_is_told_that_nobody_ran(
    rx: Rx, tmp_path: Path
) -> None:
    (tmp_path / "hall.py").write_text(TURNSTILE.lstrip(), encoding="utf-8")
    out = rx("run", "hall.py").out
    told = " ".join(" ".join(out.split("\n")[:10]).split())
    cancel, grant = (number(TURNSTILE, line) for line in (
        "        tired.cancel()", "            self.line.pop(0).set()"))  # fmt: skip
    assert f"gives up cancels ann (step 5, line {cancel})" in told
    assert f"before guard does `self.line.pop(0).set()` (step 6, line {grant})" in told
    waits = number(TURNSTILE, "            await turn.wait()")
    assert f"ann is cancelled while it waits for an Event (step 7, line {waits}): gives up" in told
    assert "Leak on cancel" not in out
    assert "cancels, ends" in out
    assert "ann: tired.cancel()" in out


def test_a_deadline_is_told_by_the_line_that_set_it(tmp_path: Path) -> None:
    run = failing(tmp_path, LATE)
    opened = number(LATE, "    with trio.move_on_after(4):")
    slept = number(LATE, "    await trio.sleep(9)")
    (told,) = CancelWords(run).sentences()
    assert told == (
        f"main is cancelled while it sleeps (step 1, line {slept}): the deadline of line {opened}"
        " has passed."
    )


def test_what_a_crash_cancels_is_clean_up_and_not_decisive(tmp_path: Path) -> None:
    run = failing(tmp_path, CRASH)
    words = CancelWords(run)
    assert words.sentences() == []
    (victim,) = [event for event in run.events if event.cancelled]
    assert words.of(victim) == (
        "while it sleeps", "main's block fails (step 2), which cancels the nursery",
    )  # fmt: skip


def test_a_task_that_has_taken_nothing_has_leaked_nothing(rx: Rx, tmp_path: Path) -> None:
    (tmp_path / "hall.py").write_text(NEVER_TAKEN.lstrip(), encoding="utf-8")
    out = rx("run", "hall.py").out
    assert "Leak on cancel" not in out
    assert "reader is cancelled while it waits for an item in a memory channel" in out
    assert "No schedule passes" in out or "No other schedule exists" in out


def test_the_rows_of_the_json_say_who_cancelled_whom(rx: Rx, tmp_path: Path) -> None:
    (tmp_path / "hall.py").write_text(TURNSTILE.lstrip(), encoding="utf-8")
    rx("run", "hall.py", "--json", "rows.json")
    steps = json.loads((tmp_path / "rows.json").read_text())["steps"]
    assert [step["number"] for step in steps if step["cancels"] == "ann"] == [5]
    assert steps[7]["cancelled"].startswith("while it waits for an Event: gives up cancels it")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("Event.wait", "while it waits for an Event"),
        ("sleep", "while it sleeps"),
        ("checkpoint", "at a checkpoint"),
        ("NurseryManager.__aexit__", "while it waits for the tasks of its nursery"),
        ("MemoryReceiveChannel.receive", "while it waits for an item in a memory channel"),
        ("StapledStream.send_all", "while it waits for StapledStream.send_all"),
        ("", ""),
    ],
)
def test_a_wait_is_told_in_words(call: str, words: str) -> None:
    stops = {"sleep": Stop.SLEEP, "NurseryManager.__aexit__": Stop.JOIN}
    site = Site("x.py", 1, "f", call, stops.get(call, Stop.OTHER))
    assert wait_in_words(site) == words

"""Of code that nobody observes a report says that it ran, and nothing more."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from raceexplore import explore
from raceexplore.search.programs.load import load_program
from raceexplore.search.race_kinds.race_of import race_of
from raceexplore.search.why.why import Why
from raceexplore.search.why.wording import Words

PLACES = """
taken = []


def take(who):
    if taken:
        raise RuntimeError(f"{taken[0]} is here")
    taken.append(who)


def give_back(who):
    taken.remove(who)
"""
GUESTS = """
import places
import trio


async def guest(scope):
    with scope:
        places.take("ann")
        await trio.lowlevel.checkpoint()
        places.give_back("ann")


async def leave(scope):
    scope.cancel()


async def late(problems):
    await trio.lowlevel.checkpoint()
    await trio.lowlevel.checkpoint()
    try:
        places.take("bob")
    except RuntimeError as error:
        problems.append(error)


async def main():
    places.taken.clear()
    scope, problems = trio.CancelScope(), []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(guest, scope)
        nursery.start_soon(leave, scope)
        nursery.start_soon(late, problems)
    assert not problems
"""


@pytest.fixture
def why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Why:
    for name, text in (("site-packages/places.py", PLACES), ("program/guests.py", GUESTS)):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site-packages"), *sys.path])
    campaign = explore(load_program(str(tmp_path / "program/guests.py")), budget=100)
    found = campaign.failures[0].why
    assert found is not None
    return found


def test_it_says_only_that_the_task_went_on(why: Why) -> None:
    words = Words(why)
    told = [*words.lines(), *map(words.reason, why.reasons)]
    assert told
    assert [line for line in told if "nobody" in line] == []


def test_what_is_not_seen_is_not_called_a_race(why: Why) -> None:
    assert race_of(why.run) is None

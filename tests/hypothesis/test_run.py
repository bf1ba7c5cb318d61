"""Schedule.run: what it raises, what it says, and what it leaves behind."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import trio
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from hypothesis.internal import scrutineer

import raceexplore
from hunting import QUIET, notes
from lost_update import Lost, withdraw_all
from raceexplore import BadOption, InvariantBroken, Limits, World, explore
from raceexplore.hypothesis import Schedule, schedules
from raceexplore.kernel.errors import BadProgram, Inconclusive
from raceexplore.search.as_exception import Deadlock


def test_the_report_is_one_note_with_the_line_that_replays_it() -> None:
    with pytest.raises(Lost) as caught:
        Schedule((5, 0)).run(withdraw_all, [1, 2])
    [note] = caught.value.__notes__
    assert "FAIL  lost_update:withdraw_all  Lost: 99" in note
    assert "replay  Schedule((5, 0)).run(withdraw_all, [1, 2])" in note
    seed_text = re.search(r"rx1-\S+", note)
    assert seed_text is not None
    with pytest.raises(Lost):
        Schedule(seed_text[0]).run(withdraw_all, [1, 2])


def test_a_failure_of_explore_is_an_example_here() -> None:
    async def program() -> None:
        await withdraw_all([1, 2])

    [found] = explore(program, budget=500).failures
    with pytest.raises(Lost):
        Schedule(found.run.seed).run(program)


def test_the_leaf_of_a_group_is_raised_and_its_choice_does_not_hang_on_the_order() -> None:
    async def fail(error: Exception) -> None:
        try:
            await trio.lowlevel.checkpoint()
        finally:
            raise error

    async def program() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fail, ValueError("b"))
            nursery.start_soon(fail, KeyError("a"))

    for moves in [(), ((0, 0),), ((1, 0),), ((2, 0),)]:
        with pytest.raises(KeyError):
            Schedule(*moves).run(program)


def test_failures_that_are_no_exception_have_types_of_their_own() -> None:
    async def stuck() -> None:
        await trio.sleep_forever()

    async def broken(world: World) -> None:
        world.always("never below", lambda: False)
        await trio.lowlevel.checkpoint()

    with pytest.raises(Deadlock, match="for ever"):
        Schedule().run(stuck)
    with pytest.raises(InvariantBroken, match="never below"):
        Schedule().run(broken)


def test_a_run_cut_by_a_limit_is_neither_passed_nor_failed() -> None:
    async def long() -> None:
        for _ in range(100):
            await trio.sleep(1)

    with pytest.raises(Inconclusive, match="neither passed nor failed: virtual time"):
        Schedule().run(long, limits=Limits(virtual_s=10))


def test_the_world_goes_where_the_function_wants_it() -> None:
    got: list[object] = []

    async def by_name(first: int, *, world: World) -> None:
        got.append((first, world.pick("x", "ab")))

    async def last(first: int, outside: World) -> None:
        got.append((first, outside.pick("x", "ab")))

    async def none(first: int) -> None:
        got.append(first)

    Schedule().run(by_name, 1)
    Schedule(data=((0, 0),)).run(last, 2)
    Schedule().run(none, 3)
    assert got == [(1, "a"), (2, "b"), 3]
    with pytest.raises(BadProgram, match="cannot be run with 2 arguments: too many"):
        Schedule().run(none, 3, 4)


def test_a_deviation_past_the_end_is_reported() -> None:
    with pytest.raises(Lost) as caught:
        Schedule((5, 0), (900, 0)).run(withdraw_all, [1, 2])
    assert "1 of the schedule's deviations found no place in this run" in notes(caught.value)


def test_wrong_pairs_and_numbers_are_refused() -> None:
    for wrong in [(1, -1), (1, 2, 3)]:
        with pytest.raises(BadOption, match="two numbers from 0"):
            Schedule(wrong)  # type: ignore[arg-type]
    with pytest.raises(BadOption, match="one seed alone"):
        Schedule("rx1-x", (1, 1))
    with pytest.raises(BadOption, match="horizon"):
        schedules(horizon=0)


def test_hypothesis_explains_by_lines_of_the_program_alone_and_its_tracer_is_left_in_place() -> (
    None
):
    tracers: set[object] = set()

    async def two_words(first: int) -> None:
        words: list[str] = []

        async def say(word: str) -> None:
            await trio.lowlevel.checkpoint()
            words.append(word)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(say, "a")
            nursery.start_soon(say, "b")
        if words == ["b", "a"] and first > 3:
            words.clear()  # only failing runs come here
        assert words

    @seed(1)
    @settings(QUIET)
    @given(schedule=schedules(), first=st.integers(0, 9))
    def test(schedule: Schedule, first: int) -> None:
        before = sys.gettrace()
        try:
            schedule.run(two_words, first)
        finally:
            tracers.add(sys.gettrace() == before)

    with pytest.raises(AssertionError) as caught:
        test()
    told = notes(caught.value).partition("Explanation:")[2]
    [line] = re.findall(r"^ +(\S+\.py):(\d+)$", told, re.MULTILINE)
    assert line[0] == __file__
    assert "words.clear()" in Path(__file__).read_text().splitlines()[int(line[1]) - 1]
    assert tracers == {True}


def test_hypothesis_traces_neither_our_files_nor_those_of_trio() -> None:
    """From Python 3.12 on it asks for each line; before, its tracer is not even called."""
    for module, traced in [(trio, False), (raceexplore, False), (sys.modules[__name__], True)]:
        assert scrutineer.should_trace_file(module.__file__) is traced

"""Functions that are loaded already are observed in place, and are as before afterwards."""

from __future__ import annotations

import builtins
import functools
import gc
from dataclasses import replace
from pathlib import Path

import trio

from raceexplore import Limits, Settings, explore
from raceexplore.kernel.choice import Schedule
from raceexplore.kernel.program import as_program
from raceexplore.observe.effects.by_class_of_object import MARK
from raceexplore.observe.in_place import InPlace
from raceexplore.search.campaign.in_sight import in_sight
from raceexplore.search.observed.with_values import with_values


class Shelf:
    def __init__(self, books: int) -> None:
        self.books = books

    async def lend(self) -> None:
        if self.books:
            await trio.lowlevel.checkpoint()
            self.books -= 1

    async def evening(self) -> None:
        await lend_twice(self)


async def lend_twice(shelf: Shelf) -> None:
    shelf.books = 1
    async with trio.open_nursery() as nursery:
        nursery.start_soon(shelf.lend)
        nursery.start_soon(shelf.lend)
    assert shelf.books == 0


def told(function: object) -> list[str]:
    run = explore(function).failures[0].run  # type: ignore[arg-type]
    return [access.label for event in run.events for access in event.accesses]


def test_closures_methods_and_partials_are_seen_in_a_failure() -> None:
    def make() -> object:
        shelf = Shelf(1)

        async def program() -> None:
            await lend_twice(shelf)

        return program

    for function in (make(), Shelf(1).evening, functools.partial(lend_twice, Shelf(1))):
        assert {label.rpartition(".")[2] for label in told(function)} >= {"books"}


def test_nothing_is_left_behind() -> None:
    codes = [Shelf.lend.__code__, lend_twice.__code__]
    names = set(vars(builtins))
    observed = InPlace(Shelf(1).evening, [__file__])
    with observed.swapped():
        assert Shelf.lend.__code__ is not codes[0]
        assert MARK in globals()
    assert [Shelf.lend.__code__, lend_twice.__code__] == codes
    assert MARK not in globals()
    assert set(vars(builtins)) == names


def test_frozen_objects_are_found_and_stay_frozen() -> None:
    gc.freeze()
    try:
        with InPlace(Shelf(1).evening, [__file__]).swapped():
            assert "__rx_attr__" in Shelf.lend.__code__.co_names
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()


def test_a_file_that_was_edited_since_it_was_loaded_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "shelf.py"
    file.write_text("async def lend():\n    pass\n")
    space = {"__name__": __name__}
    exec(compile(file.read_text(), str(file), "exec"), space)
    file.write_text("import trio\nasync def lend():\n    await trio.sleep(0)\n")
    lend = space["lend"]
    with InPlace(lend, [str(file)]).swapped():  # type: ignore[arg-type]
        assert "__rx" not in str(lend.__code__.co_names)  # type: ignore[attr-defined]


def test_a_program_whose_first_run_differs_is_told_without_values() -> None:
    shelf = Shelf(1)

    async def program() -> None:
        books = shelf.books
        shelf.books += 1
        await trio.lowlevel.checkpoint()
        if books == 1:
            await trio.lowlevel.checkpoint()
        raise ValueError

    run = explore(lend_for_ever).failures[0].run
    how = {"settings": Settings(), "limits": Limits()}
    seen = in_sight(as_program(program), Schedule(), **how)  # type: ignore[arg-type]
    again = with_values(replace(run, program=seen), Limits())
    assert "could not be observed" in again.warnings[-1]
    assert "the variable 'shelf' changed" in again.warnings[-1]


async def lend_for_ever() -> None:
    await trio.lowlevel.checkpoint()
    raise ValueError

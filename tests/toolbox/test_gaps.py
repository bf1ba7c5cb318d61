"""Gaps turns (gap, alternative) pairs into decisions."""

from __future__ import annotations

import trio

from raceexplore import World, run_once
from raceexplore.toolbox.gaps import Gaps


async def three() -> None:
    """Three tasks of two events each; the nursery's own task waits for them."""
    seen.clear()

    async def task(name: str) -> None:
        seen.append(name)
        await trio.lowlevel.checkpoint()
        seen.append(name.upper())

    async with trio.open_nursery() as nursery:
        for name in "abc":
            nursery.start_soon(task, name)


async def picks(world: World) -> None:
    seen.clear()
    seen.extend(world.pick("x", "abc") for _ in range(4))


seen: list[str] = []


def order(program: object, **moves: tuple[tuple[int, int], ...]) -> tuple[str, Gaps]:
    scheduler = Gaps(moves)
    scheduler.begin()
    run_once(program, scheduler)  # type: ignore[arg-type]
    return "".join(seen), scheduler


def test_no_moves_is_the_default_run() -> None:
    assert order(three)[0] == "aAbBcC"


def test_a_gap_counts_choices_with_more_than_one_option() -> None:
    # choice points: who starts (3 tasks), go on after a (3), who goes on (2), after b (2)
    assert order(three, task=((0, 0),))[0] == "bBaAcC"
    assert order(three, task=((1, 0),))[0] == "abBcCA"
    assert order(three, task=((3, 0),))[0] == "aAbcCB"


def test_an_alternative_is_taken_modulo_the_other_options() -> None:
    assert order(three, task=((1, 1),))[0] == "acCbBA"
    assert order(three, task=((1, 3),))[0] == "acCbBA"


def test_the_second_gap_starts_after_the_first_move() -> None:
    assert order(three, task=((1, 0), (0, 0)))[0] == "abcCAB"


def test_a_move_past_the_end_is_ignored_and_counted() -> None:
    told, scheduler = order(three, task=((1, 0), (50, 0)))
    assert told == order(three, task=((1, 0),))[0]
    assert scheduler.beyond == {"task": 1, "latency": 0, "fault": 0, "data": 0, "tie": 0}
    assert scheduler.asked["task"] == 5  # one more than on the default run


def test_each_kind_of_draw_has_a_list_of_its_own() -> None:
    assert order(picks)[0] == "aaaa"
    assert order(picks, data=((1, 1), (0, 0)))[0] == "acba"
    assert order(picks, fault=((0, 0),), task=((0, 0),))[0] == "aaaa"

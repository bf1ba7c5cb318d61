"""Turns: whose run it is follows from its number and from what is known of the program."""

from __future__ import annotations

import pytest

from raceexplore import Limits, Settings, by_name, run_once
from raceexplore.kernel.program import as_program
from raceexplore.toolbox import Relay, whose_turn

KNOWN = {"proof": True, "near": False, "draws": False}


def turns(count: int, **known: bool) -> list[str]:
    return [whose_turn(number, **{**KNOWN, **known}) for number in range(1, count + 1)]


def test_what_a_kind_finds_with_its_kth_run_is_found_with_three_times_as_many() -> None:
    opening = turns(12)
    for kind, late in (("proof", 0), ("lockstep", 0), ("urw", 1)):
        mine = [number for number, turn in enumerate(opening, 1) if turn == kind]
        mine = [1, *mine] if kind == "proof" else mine  # the first run is the reversal's, too
        assert len(mine) == 3 + (kind == "proof")
        assert all(number <= 3 * k + late for k, number in enumerate(mine, 1))


def test_races_are_reversed_every_tenth_run_until_it_is_known_whether_that_pays() -> None:
    found = [number for number, turn in enumerate(turns(200), 1) if turn == "proof"]
    assert found == [3, 9, 12, *range(20, 101, 10)]


def test_a_proof_in_reach_has_every_second_run() -> None:
    found = turns(1000, near=True)[500:]
    assert found.count("proof") == 250
    assert found.count("bounded") == 50  # of every ten the fifth; the tenth is the proof's


@pytest.mark.parametrize(("draws", "every"), [(False, 5), (True, 10)])
def test_the_bounded_search_goes_on_at_a_steady_pace(draws: bool, every: int) -> None:
    found = turns(200, proof=False, draws=draws)
    assert all((found[i - 1] == "bounded") == (i % every == 0) for i in range(13, 201))


def test_without_races_to_reverse_the_opening_is_the_bounded_searchs() -> None:
    assert turns(12, proof=False) == [
        "bounded" if turn == "proof" else turn for turn in turns(12)
    ]  # fmt: skip


def test_where_the_program_draws_samplers_come_instead() -> None:
    found = turns(12, proof=False, draws=True)
    assert found == ["" if turn == "proof" else turn for turn in turns(12)]
    assert found[0] == "bounded"


def test_a_relay_runs_one_after_the_other_each_as_often_as_it_may() -> None:
    import trio

    async def two() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.lowlevel.checkpoint)
            nursery.start_soon(trio.lowlevel.checkpoint)

    first, second = by_name("dfs"), by_name("icb:bound=0")
    relay, program = Relay((first, 2), (second, 99)), as_program(two)
    schedules = []
    while relay.begin():
        run = run_once(program, relay, limits=Limits(), settings=Settings())
        relay.end(run)
        schedules.append(run.schedule)
    # two runs of `dfs`, of six; then both schedules without a preemption
    assert len(schedules) == 4
    assert schedules[0] == schedules[2]
    assert len(set(schedules[2:])) == 2


def test_a_relay_waits_for_what_was_begun_and_then_goes_on() -> None:
    import trio

    async def two() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.lowlevel.checkpoint)
            nursery.start_soon(trio.lowlevel.checkpoint)

    relay, program = Relay((by_name("icb:bound=0"), 99), (by_name("delay"), 1)), as_program(two)
    assert relay.begin()
    assert not relay.begin()  # what else there is only the first run can tell
    run = run_once(program, relay, limits=Limits(), settings=Settings())
    relay.study(relay.lesson(run))
    begun = 0
    while relay.begin():
        run = run_once(program, relay, limits=Limits(), settings=Settings())
        relay.end(run)
        begun += 1
    assert begun == 1 + 1  # the other order without a preemption, and one delay's

"""Which runs of a campaign are run again, to see whether they repeat."""

from __future__ import annotations

import pytest
import trio

from raceexplore import Limits, NotDeterministic, Run, explore
from raceexplore.search.campaign import selfcheck


async def steady() -> None:
    await trio.lowlevel.checkpoint()


def test_a_campaign_checks_early_runs_often_and_late_ones_seldom(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checked: list[int] = []
    done = [0]

    def note(*_: object, stir: bool = False, **more: object) -> None:
        checked.append(done[0])
        assert stir == (done[0] == 0)

    def count(runs: int, _: int) -> None:
        done[0] = runs

    monkeypatch.setattr(selfcheck, "check", note)
    explore(steady, scheduler="random", budget=450, progress=count)
    assert checked == [0, 20, 40, 60, 80, 100, 120, 140, 160, 180, 200, 300, 400]


@pytest.mark.parametrize("first", [0, 100, 300])
def test_a_program_that_stops_repeating_is_found_at_the_next_check(first: int) -> None:
    begun, done = [0], [0]

    async def drifting() -> None:
        begun[0] += done[0] >= first
        await trio.sleep(begun[0])

    def count(runs: int, _: int) -> None:
        done[0] = runs

    with pytest.raises(NotDeterministic):
        explore(drifting, scheduler="random", budget=450, progress=count)
    assert done[0] == first


@pytest.mark.parametrize("scheduler", ["random", "portfolio", "dpor"])
def test_the_first_run_is_checked_observed_or_not(scheduler: str) -> None:
    before: list[int] = []

    async def remembers() -> None:
        before.append(1)
        for _ in before:
            await trio.lowlevel.checkpoint()

    with pytest.raises(NotDeterministic, match="two different runs"):
        explore(remembers, scheduler=scheduler, budget=1)


def test_what_was_stirred_before_and_did_the_same_is_not_replayed_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps, replayed = [1], [0]
    again = selfcheck._again

    async def program() -> None:
        for _ in range(steps[0]):
            await trio.lowlevel.checkpoint()

    def counted(run: Run, limits: Limits) -> Run:
        replayed[0] += 1
        return again(run, limits)

    def replays() -> int:
        replayed[0] = 0
        explore(program, scheduler="random", budget=10)
        return replayed[0]

    monkeypatch.setattr(selfcheck, "_again", counted)
    assert [replays(), replays()] == [selfcheck.STIRRED, 0]
    steps[0] = 2
    assert [replays(), replays()] == [selfcheck.STIRRED, 0]

"""What follows from the events of a run is found once, and is the same however they are held."""

from __future__ import annotations

import pickle

import trio

from raceexplore import Deviation, Event, Limits, Replay, Schedule, Settings, World, run_once
from raceexplore.kernel.program import as_program
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.toolbox import event_keys, order, trace_key


async def main() -> None:
    async def child() -> None:
        await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(child)
        nursery.start_soon(child)


def observed() -> tuple[Event, ...]:
    return observed_run(as_program(main), Replay(), limits=Limits(), settings=Settings()).events


def test_the_order_of_a_run_is_found_once() -> None:
    events = observed()
    assert order(events) is order(events)
    assert event_keys(events) is event_keys(events)


def test_events_out_of_a_run_have_the_same_order_keys_and_class() -> None:
    events = observed()
    loose = list(events)
    assert order(loose) == order(events)
    assert list(event_keys(loose)) == list(event_keys(events))
    assert trace_key(loose) == trace_key(events)


def test_what_was_found_stays_out_of_pickles() -> None:
    events = observed()
    before = pickle.dumps(events)
    order(events)
    after = pickle.dumps(events)
    assert after == before
    assert pickle.loads(after) == events
    assert trace_key(pickle.loads(after)) == trace_key(events)


def test_another_latency_is_no_other_class_but_another_draw_is() -> None:
    async def draws(world: World) -> None:
        world.pick("colour", "rgb")
        world.pick("pause", range(9), kind="latency")

    keys = {
        (draw, at): trace_key(run_once(draws, Replay(Schedule([deviation])), record=True).events)
        for draw, kind in (("main:colour", "data"), ("main:pause", "latency"))
        for at in (0, 1, 2)
        for deviation in [Deviation(kind, draw, 0, at)]
    }
    assert len({keys["main:pause", at] for at in (0, 1, 2)}) == 1
    assert len({keys["main:colour", at] for at in (0, 1, 2)}) == 3


def test_only_a_recorded_run_has_a_digest() -> None:
    assert run_once(main, Replay()).digest == ""
    assert len(run_once(main, Replay(), record=True).digest) == 16

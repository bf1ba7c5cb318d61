"""A proof beside other searches: when it begins, when it is given up, and when it is believed."""

from __future__ import annotations

from math import inf

import pytest
import trio

from raceexplore import Limits, Replay, Run, Settings, World
from raceexplore.kernel.fence.guard import guarded
from raceexplore.kernel.program import as_program
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.toolbox import Proof, shown
from raceexplore.toolbox.classes import Shown


async def two_steps_each(world: World) -> None:
    """Two tasks of two events that touch one thing: C(4, 2) = 6 trace classes."""

    async def task() -> None:
        world.touch("x", write=True)
        await world.step(writes=["x"])

    world.touch(write=False)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(task)
        nursery.start_soon(task)
    world.touch(write=False)


async def opaque() -> None:
    await trio.lowlevel.checkpoint()


def observe(scheduler, program=two_steps_each, **settings) -> Run:
    with guarded():
        return observed_run(
            as_program(program), scheduler, limits=Limits(), settings=Settings(**settings)
        )


def proof_of(most: int = 100) -> Proof:
    proof = Proof(most)
    proof.look(observe(Replay()))
    return proof


def finish(proof: Proof) -> list[Shown]:
    keys = []
    while proof.begin():
        run = observe(proof)
        proof.end(run)
        keys.append(shown(run))
    return keys


def test_it_goes_on_from_the_first_run() -> None:
    proof = proof_of()
    assert proof.is_open
    keys = finish(proof)
    assert (len(keys), len(set(keys))) == (5, 5)  # the sixth is the first run's
    assert (proof.finished, proof.is_open) == (True, False)
    assert proof.scheduler is not None
    assert proof.scheduler.known() == ("all 6 trace classes explored",)  # type: ignore[attr-defined]


def test_it_holds_unless_somebody_saw_another_class() -> None:
    proof = proof_of()
    keys = finish(proof)
    assert proof.holds(set(keys[:3]))
    assert not proof.holds({*keys, (-1, 0)})
    assert (proof.scheduler, proof.finished) == (None, False)


def test_it_does_not_hold_if_a_run_of_one_of_its_classes_has_shown_something_else() -> None:
    proof = proof_of()
    (key, what), *_ = finish(proof)
    assert not proof.holds({(key, what + 1)})


def test_an_unfinished_one_holds_nothing() -> None:
    assert not proof_of().holds(set())


def test_nobody_proves_what_is_not_worth_it() -> None:
    assert proof_of(0).scheduler is None


@pytest.mark.parametrize("settings", [{"time": "elastic"}, {"order": "passes"}])
def test_elastic_time_and_passes_are_not_proved(settings) -> None:
    proof = Proof(100)
    proof.look(observe(Replay(), **settings))
    proof.weigh(1.0)
    assert proof.scheduler is None


def test_code_that_nobody_observes_is_not_proved() -> None:
    proof = Proof(100)
    proof.look(observe(Replay(), opaque))
    proof.weigh(1.0)
    assert proof.scheduler is None


def test_a_long_run_is_not_begun_with_but_proved_once_that_is_in_reach() -> None:
    async def long(world: World) -> None:
        async def talk() -> None:
            world.touch(write=False)
            for _ in range(400):  # in turns: each is a race
                await world.step(writes=["x"])

        world.touch(write=False)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(talk)
            nursery.start_soon(talk)
        world.touch(write=False)

    class Alternate(Replay):
        def choose(self, point) -> int:
            return point.bound - 1

    proof = Proof(100)
    proof.look(observe(Alternate(), long))
    assert proof.scheduler is None
    proof.weigh(50.0)
    assert proof.scheduler is not None


def test_it_pauses_and_goes_on_with_the_estimate() -> None:
    proof = proof_of(100)
    assert not proof.near
    proof.weigh(100.0)
    assert proof.near
    proof.weigh(inf)
    assert not proof.near


def test_it_is_given_up_when_there_are_far_more_classes_than_estimated() -> None:
    proof = proof_of(2)
    keys = finish(proof)
    assert len(keys) == 4
    assert (proof.scheduler, proof.finished) == (None, False)

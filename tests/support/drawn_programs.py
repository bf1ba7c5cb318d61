"""Small random programs as data: a strategy that draws them, and what makes a program of one.

A spec is nested lists (it goes through JSON): a list of tasks, each a list of steps, each a name
and its arguments. ``build`` returns the async function that does what the spec says.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Awaitable, Callable
from typing import Any

import trio
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from raceexplore import World

COUNT = 2  # of each kind of resource
DELAYS = (0.0, 0.5, 1.0, 1.0, 2.5)
Spec = list[Any]


def plain() -> SearchStrategy[Spec]:
    """Draw a step that holds no others."""
    which = st.integers(0, COUNT - 1)
    return st.one_of(
        st.just(["checkpoint"]),
        st.builds(lambda s: ["sleep", s], st.sampled_from(DELAYS)),
        *(
            st.builds(lambda i, name=name: [name, i], which)
            for name in ("send", "receive", "receive_nowait", "set", "wait", "notify", "cancel",
                         "wait_condition", "draw", "deadline")
        ),
        st.sampled_from([*[["random"], ["generator"], ["checkpoint"]] * 3, ["fail"]]),
    )  # fmt: skip


def blocks(inner: SearchStrategy[list[Spec]]) -> SearchStrategy[Spec]:
    """Draw a step that holds others."""
    which = st.integers(0, COUNT - 1)
    return st.one_of(
        st.builds(lambda i, body: ["lock", i, body], which, inner),
        st.builds(lambda i, body: ["semaphore", i, body], which, inner),
        st.builds(lambda i, body: ["limiter", i, body], which, inner),
        st.builds(lambda s, body: ["timeout", s, body], st.sampled_from(DELAYS), inner),
        st.builds(lambda i, body: ["scope", i, body], which, inner),
        st.builds(lambda body: ["shield", body], inner),
        st.builds(lambda body: ["finally", body], inner),
        st.builds(lambda before, after: ["start", before, after], inner, inner),
        st.builds(lambda bodies: ["nursery", bodies], st.lists(inner, min_size=1, max_size=3)),
    )


def specs() -> SearchStrategy[Spec]:
    """Draw a program: a few tasks of a few steps, three blocks deep at most."""
    body = st.lists(plain(), max_size=3)
    for _ in range(2):
        body = st.lists(plain() | blocks(body), min_size=1, max_size=4)
    return st.lists(body, min_size=2, max_size=4)


def draw_specs(count: int) -> list[Spec]:
    """Return ``count`` specs, the same in every process."""
    found: dict[str, Spec] = {}

    @settings(
        max_examples=count + count // 4,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(specs())
    def collect(spec: Spec) -> None:
        found.setdefault(json.dumps(spec), spec)

    collect()
    assert len(found) >= count
    return list(found.values())[:count]


class Stage:
    """What the tasks of one run share."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.locks = [trio.Lock() for _ in range(COUNT)]
        self.semaphores = [trio.Semaphore(1 + i) for i in range(COUNT)]
        self.limiters = [trio.CapacityLimiter(1 + i) for i in range(COUNT)]
        self.conditions = [trio.Condition() for _ in range(COUNT)]
        self.events = [trio.Event() for _ in range(COUNT)]
        self.channels = [trio.open_memory_channel[int](i) for i in range(COUNT)]
        self.scopes: list[trio.CancelScope | None] = [None] * COUNT
        self.sent = 0

    async def body(self, steps: list[Spec]) -> None:
        for name, *arguments in steps:
            self.world.event(name)
            await STEPS[name](self, *arguments)

    async def started(
        self, before: list[Spec], after: list[Spec], *, task_status: Any = trio.TASK_STATUS_IGNORED
    ) -> None:
        await self.body(before)
        task_status.started(len(before))
        await self.body(after)


async def checkpoint(_: Stage) -> None:
    await trio.lowlevel.checkpoint()


async def sleep(_: Stage, delay_s: float) -> None:
    await trio.sleep(delay_s)


async def send(stage: Stage, i: int) -> None:
    stage.sent += 1
    await stage.channels[i][0].send(stage.sent)


async def receive(stage: Stage, i: int) -> None:
    stage.world.event("got", value=await stage.channels[i][1].receive())


async def receive_nowait(stage: Stage, i: int) -> None:
    try:
        stage.world.event("got", value=stage.channels[i][1].receive_nowait())
    except trio.WouldBlock:
        stage.world.event("nothing")


async def set_event(stage: Stage, i: int) -> None:
    stage.events[i].set()


async def wait(stage: Stage, i: int) -> None:
    await stage.events[i].wait()


async def notify(stage: Stage, i: int) -> None:
    async with stage.conditions[i]:
        stage.conditions[i].notify()


async def wait_condition(stage: Stage, i: int) -> None:
    async with stage.conditions[i]:
        await stage.conditions[i].wait()


async def cancel(stage: Stage, i: int) -> None:
    if (scope := stage.scopes[i]) is not None:
        scope.cancel()


async def deadline(stage: Stage, i: int) -> None:
    if (scope := stage.scopes[i]) is not None:
        scope.deadline = trio.current_time() + i


async def draw_one(stage: Stage, i: int) -> None:
    stage.world.event("drawn", value=stage.world.pick(f"draw{i}", range(3)))


async def random_number(stage: Stage) -> None:
    stage.world.event("random", value=random.randrange(1000))


async def fail(_: Stage) -> None:
    raise ValueError("as the spec says")


async def generator(_: Stage) -> None:
    async def numbers() -> Any:
        for number in range(2):
            await trio.lowlevel.checkpoint()
            yield number

    async for _number in numbers():
        await trio.lowlevel.checkpoint()


async def lock(stage: Stage, i: int, steps: list[Spec]) -> None:
    if stage.locks[i].statistics().owner is trio.lowlevel.current_task():
        return
    async with stage.locks[i]:
        await stage.body(steps)


async def semaphore(stage: Stage, i: int, steps: list[Spec]) -> None:
    async with stage.semaphores[i]:
        await stage.body(steps)


async def limiter(stage: Stage, i: int, steps: list[Spec]) -> None:
    if trio.lowlevel.current_task() in stage.limiters[i].statistics().borrowers:
        return
    async with stage.limiters[i]:
        await stage.body(steps)


async def timeout(stage: Stage, delay_s: float, steps: list[Spec]) -> None:
    with trio.move_on_after(delay_s) as found:
        await stage.body(steps)
    stage.world.event("timed out", caught=found.cancelled_caught)


async def scope(stage: Stage, i: int, steps: list[Spec]) -> None:
    with trio.CancelScope() as found:
        stage.scopes[i] = found
        await stage.body(steps)


async def shield(stage: Stage, steps: list[Spec]) -> None:
    with trio.CancelScope(shield=True):
        await stage.body(steps)


async def at_last(stage: Stage, steps: list[Spec]) -> None:
    try:
        await stage.body(steps)
    finally:
        stage.world.event("at last")


async def start(stage: Stage, before: list[Spec], after: list[Spec]) -> None:
    async with trio.open_nursery() as nursery:
        stage.world.event("started", value=await nursery.start(stage.started, before, after))


async def nursery(stage: Stage, bodies: list[list[Spec]]) -> None:
    async with trio.open_nursery() as found:
        for steps in bodies:
            found.start_soon(stage.body, steps)


STEPS: dict[str, Callable[..., Awaitable[None]]] = {
    "checkpoint": checkpoint, "sleep": sleep, "send": send, "receive": receive,
    "receive_nowait": receive_nowait, "set": set_event, "wait": wait, "notify": notify,
    "wait_condition": wait_condition, "cancel": cancel, "deadline": deadline, "draw": draw_one,
    "random": random_number, "fail": fail, "generator": generator, "lock": lock,
    "semaphore": semaphore, "limiter": limiter, "timeout": timeout, "scope": scope,
    "shield": shield, "finally": at_last, "start": start, "nursery": nursery,
}  # fmt: skip


def build(spec: Spec, *, limit_s: float = math.inf) -> Callable[[World], Awaitable[None]]:
    """Return the program that ``spec`` says; ``limit_s`` cancels it, so that it always ends."""

    async def program(world: World) -> None:
        with trio.CancelScope(deadline=trio.current_time() + limit_s):
            await nursery(Stage(world), spec)

    async def endless(world: World) -> None:
        await nursery(Stage(world), spec)

    return endless if limit_s == math.inf else program

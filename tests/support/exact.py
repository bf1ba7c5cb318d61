"""Programs whose chances are known exactly (docs/schedulers.md), and how to measure them.

A task of k operations is k events: the first starts with the task, each later one follows a
checkpoint. The main task only spawns and waits, so that it never takes part in a choice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio

from raceexplore import Scheduler, World, run_once
from raceexplore.kernel.fence.guard import guarded
from raceexplore.kernel.program import Program, as_program

Order = list[str]
Body = Callable[[World, Order], Awaitable[None]]
Hit = Callable[[Order], bool]
Case = tuple[Program, Hit, Order]


def case(bodies: list[Body], hit: Hit) -> Case:
    """Return a program that runs ``bodies`` side by side, and what to look for in its order."""
    order: Order = []

    async def program(world: World) -> None:
        order.clear()
        async with trio.open_nursery() as nursery:
            for body in bodies:
                nursery.start_soon(body, world, order)

    return as_program(program), hit, order


def steps(name: str, count: int, resource: str = "x", *, write: bool = True) -> Body:
    """Return a task of ``count`` events, all on ``resource``; each notes its name."""

    async def body(world: World, order: Order) -> None:
        for i in range(count):
            if i:
                await trio.lowlevel.checkpoint()
            world.touch(resource, write=write)
            order.append(name)

    return body


def position(m: int, j: int, *, racing: bool) -> Case:
    """B's only event comes after exactly j of A's m events."""
    bodies = [steps("a", m), steps("b", 1, "x" if racing else "y")]
    return case(bodies, lambda order: order.index("b") == j)


def pattern(text: str) -> Case:
    """The order of all events is ``text``; all race, so that it is one of the trace classes."""
    bodies = [steps(name, text.count(name)) for name in sorted(set(text))]
    return case(bodies, lambda order: "".join(order) == text)


def lost_update(n: int) -> Case:
    """N tasks read a counter and then write what they read plus one; an update is lost."""
    count = 0

    async def body(world: World, order: Order) -> None:
        nonlocal count
        if not order:
            count = 0
        world.touch("count", write=False)
        read = count
        order.append("read")
        await trio.lowlevel.checkpoint()
        world.touch("count", write=True)
        count = read + 1

    return case([body] * n, lambda _: count != n)


def reorder(setters: int) -> Case:
    """SCTBench's reorder: a checker sees a == 1 and b == 0, which no single setter intends."""
    state = {"a": 0, "b": 0}

    async def setter(world: World, order: Order) -> None:
        if not order:
            state.update(a=0, b=0)
        order.append("set")
        world.touch("a", write=True)
        state["a"] = 1
        await trio.lowlevel.checkpoint()
        world.touch("b", write=True)
        state["b"] = -1

    async def read(world: World, name: str) -> int:
        world.touch(name, write=False)
        value = state[name]
        await trio.lowlevel.checkpoint()
        return value

    async def checker(world: World, order: Order) -> None:
        if not order:
            state.update(a=0, b=0)
        order.append("check")
        if await read(world, "a") == 0 and await read(world, "b") == 0:
            return
        world.touch("a", write=False)
        a = state["a"]
        if a == 1:
            await trio.lowlevel.checkpoint()
            world.touch("b", write=False)
            if state["b"] == -1:
                return
        order.append("bug")

    return case([setter] * setters + [checker], lambda order: "bug" in order)


def two_stage(writers: int) -> Case:
    """SCTBench's two-stage, each critical section one event: data2 lags behind data1.

    The published chances of POS, 1/8 and 277/2520 for one and two writers, are those of another
    view: taking a lock is an event, which cannot happen while the lock is held, each access is
    one, and unlocking goes with the access before it (found by enumeration). Here a lock can be
    asked for at any time, as in trio.
    """
    state = {"data1": 0, "data2": 0}

    async def writer(world: World, order: Order) -> None:
        if not order:
            state.update(data1=0, data2=0)
        order.append("write")
        world.touch("data1", write=True)
        state["data1"] = 1
        await trio.lowlevel.checkpoint()
        world.touch("data2", write=True)
        state["data2"] = 2

    async def reader(world: World, order: Order) -> None:
        if not order:
            state.update(data1=0, data2=0)
        order.append("read")
        world.touch("data1", write=False)
        first = state["data1"]
        await trio.lowlevel.checkpoint()
        world.touch("data2", write=False)
        if first and state["data2"] != first + 1:
            order.append("bug")

    return case([writer] * writers + [reader], lambda order: "bug" in order)


def dining(n: int) -> Case:
    """N philosophers take their left fork and then their right: all hold one, all wait."""
    owner: dict[int, int] = {}

    def seat(i: int) -> Body:
        async def body(world: World, order: Order) -> None:
            if not order:
                owner.clear()
            order.append("left")
            world.touch(i, write=True)
            if i in owner:  # the neighbour holds it and waits
                return
            owner[i] = i
            await trio.lowlevel.checkpoint()
            right = (i + 1) % n
            world.touch(right, write=True)
            if right in owner:
                order.append("waits")
                return
            del owner[i]

        return body

    return case([seat(i) for i in range(n)], lambda order: order.count("waits") == n)


def hits(tried: Case, scheduler: Scheduler, runs: int) -> int:
    """Return in how many of ``runs`` runs, after ten to learn from, the case was hit."""
    program, hit, order = tried
    count = 0
    with guarded():
        for i in range(-10, runs):
            assert scheduler.begin()
            run = run_once(program, scheduler, record=getattr(scheduler, "observes", False))
            assert run.outcome == "passed", run.failure
            scheduler.end(run)
            count += i >= 0 and hit(order)
    return count

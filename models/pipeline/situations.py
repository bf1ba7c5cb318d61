"""Five situations in which a pipeline must keep its word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import trio

from raceexplore import World
from raceexplore.models.pipeline.stages import STAGES, State, Status

THINKING_S = 60.0


class Pipeline(Protocol):
    """What the situations ask of a pipeline. worked: the stages whose work was begun, in order."""

    worked: list[str]

    @property
    def state(self) -> State:
        """The state now."""

    async def execute(self, stage: str) -> str:
        """Run a stage; return ``completed``, or why not."""

    def cancel(self, stage: str) -> bool:
        """Cancel a stage; return whether it was not too late."""

    def ask(self, question: str) -> None:
        """Stop everything until `answer`."""

    def answer(self) -> None:
        """Let everything go on."""

    def change(self, stage: str) -> None:
        """Take note that what ``stage`` has made was changed by hand."""


Make = Callable[[World], Pipeline]


async def start_twice(world: World, make: Make) -> None:
    """Start the same stage from two places: it works once."""
    pipeline = make(world)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(pipeline.execute, "analyze", name="ann")
        nursery.start_soon(pipeline.execute, "analyze", name="bob")
    assert pipeline.worked == ["analyze"], f"work was done by {pipeline.worked}"


async def cancel_running(world: World, make: Make) -> None:
    """Cancel a stage while it works: if it was not too late, it does not end as completed."""
    pipeline, told = make(world), []

    async def click() -> None:
        told.append(pipeline.cancel("analyze"))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(pipeline.execute, "analyze", name="stage")
        nursery.start_soon(click, name="person")
    world.sometimes("the stage was cancelled", told == [True])
    status = pipeline.state.stages["analyze"]
    assert told == [False] or status is not Status.COMPLETED, "a cancelled stage is completed"


async def ask_meanwhile(world: World, make: Make) -> None:
    """Ask a question while a stage works: nothing completes while it is open."""
    pipeline = make(world)

    async def person() -> None:
        pipeline.ask("overwrite the design?")
        before = pipeline.state.stages
        await trio.sleep(THINKING_S)
        assert pipeline.state.stages == before, "a stage has moved while a question was open"
        pipeline.answer()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(pipeline.execute, "analyze", name="stage")
        nursery.start_soon(person, name="person")


async def change_meanwhile(world: World, make: Make, changed: str = "idea") -> None:
    """Change what a working stage builds on: it does not end as completed."""
    pipeline = make(world)

    async def person() -> None:
        pipeline.change(changed)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(pipeline.execute, "analyze", name="stage")
        nursery.start_soon(person, name="person")
    state = pipeline.state
    built_on = (state.built_on or {}).get("analyze")
    world.sometimes("the stage was begun before the change", built_on == 0)
    if state.stages["analyze"] is Status.COMPLETED:
        assert built_on == state.context, "a completed stage is built on an old context"


async def change_at_the_end(world: World, make: Make) -> None:
    """Change what a stage has made: every stage after it is outdated, and none before."""
    pipeline = make(world)
    for stage in STAGES[1:]:
        await pipeline.execute(stage)
    pipeline.change("analyze")
    found = [stage for stage in STAGES if pipeline.state.stages[stage] is Status.OUTDATED]
    assert found == list(STAGES[2:]), f"a change of analyze has outdated {found}"

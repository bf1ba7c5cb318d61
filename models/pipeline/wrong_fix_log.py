"""Event sourcing on top of the immutable state: every change is an event in a log.

Now one can ask for the state at any step, take events back, and see who has done what. But an event
is appended whatever has happened since its author has looked, and the races are all still there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import trio

from raceexplore import World
from raceexplore.models.pipeline.situations import (
    ask_meanwhile,
    cancel_running,
    change_meanwhile,
    start_twice,
)
from raceexplore.models.pipeline.stages import STAGES, State, Status, at_analyze
from raceexplore.sim.eventlog import EventLog


class Moved(NamedTuple):
    """A stage has another status; built_on: the context, if it is completed."""

    stage: str
    status: Status
    built_on: int | None = None


class Asked(NamedTuple):
    """There is another question, or none."""

    question: str


class Changed(NamedTuple):
    """Somebody has changed what a stage has made."""

    stage: str


def reduce(state: State, event: Moved | Asked | Changed) -> State:
    """Return the state after ``event``, which may always happen."""
    if isinstance(event, Asked):
        return replace(state, question=event.question)
    if isinstance(event, Changed):
        return replace(state, context=state.context + 1)
    after = state.put(event.stage, event.status)
    if event.built_on is None:
        return after
    return replace(after, built_on={**(state.built_on or {}), event.stage: event.built_on})


class Logged:
    """An orchestrator with a log."""

    def __init__(self, world: World) -> None:
        self.log = EventLog(reduce, at_analyze(), name="pipeline")
        self.worked: list[str] = []

    @property
    def state(self) -> State:
        """The state now."""
        return self.log.state

    async def execute(self, stage: str) -> str:
        """Check, work, and append that it is done."""
        if self.state.question or self.state.stages[stage] is not Status.READY:
            return "blocked"
        context = self.state.context
        self.worked.append(stage)
        await trio.lowlevel.checkpoint()
        self.log.append(Moved(stage, Status.COMPLETED, context))
        return "completed"

    def cancel(self, stage: str) -> bool:
        """Append that the stage is cancelled, if it is not completed."""
        if self.state.stages[stage] is Status.COMPLETED:
            return False
        self.log.append(Moved(stage, Status.CANCELLED))
        return True

    def ask(self, question: str) -> None:
        """Append the global block."""
        self.log.append(Asked(question))

    def answer(self) -> None:
        """Append that it is lifted."""
        self.log.append(Asked(""))

    def change(self, stage: str) -> None:
        """Append that everything after the stage is outdated."""
        self.log.append(Changed(stage))
        for after in STAGES[STAGES.index(stage) + 1 :]:
            self.log.append(Moved(after, Status.OUTDATED))


async def twice(world: World) -> None:
    """Start a stage twice."""
    await start_twice(world, Logged)


async def main(world: World) -> None:
    """Click on cancel while the design is being made."""
    await cancel_running(world, Logged)


async def blocked(world: World) -> None:
    """Ask a question while a stage is working."""
    await ask_meanwhile(world, Logged)


async def outdated(world: World) -> None:
    """Change, while a stage is working, what it builds on."""
    await change_meanwhile(world, Logged)

"""The state is immutable, and each update makes a new one, as the story has it.

To swap a state is atomic; to look at one, await, and swap it then is not. So a stage that looked
before a click writes over what the click has written.
"""

from __future__ import annotations

from dataclasses import replace

import trio

from raceexplore import World
from raceexplore.models.pipeline.situations import (
    ask_meanwhile,
    cancel_running,
    change_at_the_end,
    change_meanwhile,
    start_twice,
)
from raceexplore.models.pipeline.stages import Status, at_analyze

DEPENDENCIES: dict[str, list[str]] = {
    "idea": [],
    "analyze": ["idea"],
    "slice": ["idea", "analyze"],
    "handoff": ["idea", "analyze", "slice"],
    "execute": ["idea", "analyze", "slice", "handoff"],
    "validate": ["idea", "analyze", "slice", "handoff", "execute"],
}


class Printed:
    """The orchestrator of the story."""

    def __init__(self, world: World) -> None:
        self.state = at_analyze()
        self.worked: list[str] = []
        world.state("pipeline", lambda: self.state)

    async def execute(self, stage: str) -> str:
        """Check, work, and note that it is done."""
        if self.state.question or self.state.stages[stage] is not Status.READY:
            return "blocked"
        context = self.state.context
        self.worked.append(stage)
        await trio.lowlevel.checkpoint()
        built_on = {**(self.state.built_on or {}), stage: context}
        self.state = replace(self.state.put(stage, Status.COMPLETED), built_on=built_on)
        return "completed"

    def cancel(self, stage: str) -> bool:
        """Mark the stage as cancelled, if it is not completed."""
        if self.state.stages[stage] is Status.COMPLETED:
            return False
        self.state = self.state.put(stage, Status.CANCELLED)
        return True

    def ask(self, question: str) -> None:
        """Set the global block."""
        self.state = replace(self.state, question=question)

    def answer(self) -> None:
        """Lift the global block."""
        self.state = replace(self.state, question="")

    def change(self, stage: str) -> None:
        """Mark what the map names as outdated: it names what a stage needs, not what needs it."""
        self.state = replace(self.state, context=self.state.context + 1)
        for affected in DEPENDENCIES[stage]:
            self.state = self.state.put(affected, Status.OUTDATED)


async def twice(world: World) -> None:
    """Start a stage twice."""
    await start_twice(world, Printed)


async def main(world: World) -> None:
    """Click on cancel while the design is being made."""
    await cancel_running(world, Printed)


async def blocked(world: World) -> None:
    """Ask a question while a stage is working."""
    await ask_meanwhile(world, Printed)


async def outdated(world: World) -> None:
    """Change, while a stage is working, what the map takes for its foundation."""
    await change_meanwhile(world, Printed, changed="slice")


async def cascade(world: World) -> None:
    """Change something when all is done."""
    await change_at_the_end(world, Printed)

"""Every change is an event in one log, and the reducer refuses what cannot follow.

A stage is marked as running before its first await, and its completion names the run: it is refused
if the stage was cancelled, restarted or outdated since. To check and to append is one step.
"""

from __future__ import annotations

import trio

from raceexplore import World
from raceexplore.models.pipeline.events import (
    Answered,
    Asked,
    Cancelled,
    Changed,
    Completed,
    Started,
    reduce,
)
from raceexplore.models.pipeline.situations import (
    ask_meanwhile,
    cancel_running,
    change_at_the_end,
    change_meanwhile,
    start_twice,
)
from raceexplore.models.pipeline.stages import State, at_analyze
from raceexplore.sim.eventlog import EventLog, Refused


class Decided:
    """An orchestrator whose log has the last word."""

    def __init__(self, world: World) -> None:
        self.log = EventLog(reduce, at_analyze(), name="pipeline")
        self.worked: list[str] = []
        self.answered = trio.Event()

    @property
    def state(self) -> State:
        """The state now."""
        return self.log.state

    async def execute(self, stage: str) -> str:
        """Start a run, work, and append that it is done, after the answer if one is due."""
        try:
            started = self.log.append(Started(stage))
        except Refused as reason:
            return f"blocked: {reason}"
        run = self.state.runs
        self.worked.append(stage)
        await trio.lowlevel.checkpoint()
        while self.state.question:
            await self.answered.wait()
        try:
            self.log.append(Completed(stage, run), caused_by=started)
        except Refused as reason:
            return f"dropped: {reason}"
        return "completed"

    def cancel(self, stage: str) -> bool:
        """Cancel what is not done."""
        try:
            self.log.append(Cancelled(stage))
        except Refused:
            return False
        return True

    def ask(self, question: str) -> None:
        """Stop everything."""
        self.log.append(Asked(question))
        self.answered = trio.Event()

    def answer(self) -> None:
        """Go on."""
        self.log.append(Answered())
        self.answered.set()

    def change(self, stage: str) -> None:
        """Outdate what comes after ``stage``."""
        self.log.append(Changed(stage))


async def twice(world: World) -> None:
    """Start a stage twice."""
    await start_twice(world, Decided)


async def main(world: World) -> None:
    """Click on cancel while the design is being made."""
    await cancel_running(world, Decided)


async def blocked(world: World) -> None:
    """Ask a question while a stage is working."""
    await ask_meanwhile(world, Decided)


async def outdated(world: World) -> None:
    """Change, while a stage is working, what it builds on."""
    await change_meanwhile(world, Decided)


async def cascade(world: World) -> None:
    """Change something when all is done."""
    await change_at_the_end(world, Decided)

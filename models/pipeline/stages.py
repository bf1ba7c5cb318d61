"""The stages of a pipeline and all that it knows of them.

idea -> analyze -> slice -> handoff -> execute -> validate. A stage works for a while (an await)
between the look at the state and the note that it is done.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

STAGES = ("idea", "analyze", "slice", "handoff", "execute", "validate")


class Status(Enum):
    """Where a stage is."""

    READY = "ready"
    RUNNING = "running"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    OUTDATED = "outdated"


@dataclass(frozen=True)
class State:
    """All that the pipeline knows; it is replaced, and never changed.

    stages: the status of each. question: one that waits for an answer; empty if there is none.
    context: how often somebody has changed what the stages are built on. built_on: the context of
    each completed stage. runs: how often a stage was started; current: the run of each stage.
    """

    stages: dict[str, Status]
    question: str = ""
    context: int = 0
    built_on: dict[str, int] | None = None
    runs: int = 0
    current: dict[str, int] | None = None

    def put(self, stage: str, status: Status) -> State:
        """Return the state with another status of one stage."""
        return replace(self, stages={**self.stages, stage: status})


def at_analyze() -> State:
    """Return the state in which idea is completed, and analyze is next."""
    idea = {"idea": Status.COMPLETED, "analyze": Status.READY}
    return State({stage: idea.get(stage, Status.READY) for stage in STAGES})

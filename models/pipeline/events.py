"""What may happen in the pipeline, and when: a reducer that says no."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from raceexplore.models.pipeline.stages import STAGES, State, Status
from raceexplore.sim.eventlog import Refused

ACTIVE = (Status.RUNNING, Status.COMPLETED)


class Started(NamedTuple):
    """A stage begins to work."""

    stage: str


class Completed(NamedTuple):
    """A stage is done. run: which one of its runs."""

    stage: str
    run: int


class Cancelled(NamedTuple):
    """Somebody has cancelled a stage."""

    stage: str


class Asked(NamedTuple):
    """A question stops everything."""

    question: str


class Answered(NamedTuple):
    """It goes on."""


class Changed(NamedTuple):
    """Somebody has changed what a stage has made."""

    stage: str


Happened = Started | Completed | Cancelled | Asked | Answered | Changed


def reduce(state: State, event: Happened) -> State:
    """Return the state after ``event``; raise `Refused` where it cannot happen."""
    if isinstance(event, Started):
        return start(state, event.stage)
    if isinstance(event, Completed):
        return complete(state, event)
    if isinstance(event, Changed):
        return change(state, event.stage)
    if isinstance(event, Cancelled):
        if state.stages[event.stage] not in (Status.READY, Status.RUNNING):
            raise Refused(f"{event.stage} is {state.stages[event.stage].value}")
        return state.put(event.stage, Status.CANCELLED)
    if bool(state.question) is isinstance(event, Asked):
        raise Refused("one question at a time, and one answer to it")
    return replace(state, question=event.question if isinstance(event, Asked) else "")


def start(state: State, stage: str) -> State:
    """Return the state in which a new run of ``stage`` is running."""
    if state.question:
        raise Refused(f"an answer is needed first: {state.question}")
    if state.stages[stage] not in (Status.READY, Status.OUTDATED):
        raise Refused(f"{stage} is {state.stages[stage].value}")
    run = state.runs + 1
    current = {**(state.current or {}), stage: run}
    built_on = {**(state.built_on or {}), stage: state.context}
    after = state.put(stage, Status.RUNNING)
    return replace(after, runs=run, current=current, built_on=built_on)


def complete(state: State, event: Completed) -> State:
    """Return the state in which the run is done, if it is still the one that runs."""
    if state.question:
        raise Refused(f"an answer is needed first: {state.question}")
    run = (state.current or {}).get(event.stage)
    if state.stages[event.stage] is not Status.RUNNING or run != event.run:
        raise Refused(f"run {event.run} of {event.stage} runs no more")
    return state.put(event.stage, Status.COMPLETED)


def change(state: State, stage: str) -> State:
    """Return the state in which all that was built on ``stage``, or is being so, is outdated."""
    stages = dict(state.stages)
    for after in STAGES[STAGES.index(stage) + 1 :]:
        if stages[after] in ACTIVE:
            stages[after] = Status.OUTDATED
    return replace(state, stages=stages, context=state.context + 1)

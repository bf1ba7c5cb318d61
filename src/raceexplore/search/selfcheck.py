"""The self-check: the same schedule twice must give the same events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from raceexplore.kernel.errors import NotDeterministic
from raceexplore.kernel.run import run_once
from raceexplore.kernel.scheduler import Replay
from raceexplore.kernel.trace import fingerprint

if TYPE_CHECKING:
    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Limits

EVERY = 20  # the first run and 5 % of the others


def check(run: Run, limits: Limits) -> None:
    """Replay the recorded ``run``; raise `NotDeterministic` unless every event is the same."""
    second = _again(run, limits)
    if _same(run, second):
        return
    third = _again(run, limits)
    cause = (
        "state that outlives a run: a module global, a cache, a default argument"
        if _same(second, third)
        else "the order of a set or dict of objects (by id or hash), real time, or a thread"
    )
    raise NotDeterministic(f"{difference(run, second)}; the likely cause is {cause}")


def _again(run: Run, limits: Limits) -> Run:
    replay = Replay(run.schedule)
    return run_once(run.program, replay, limits=limits, settings=run.settings, record=True)


def _same(one: Run, other: Run) -> bool:
    return one.digest == other.digest and _end(one) == _end(other)


def _end(run: Run) -> str:
    return run.failure.fingerprint if run.failure else run.outcome


def difference(one: Run, other: Run) -> str:
    """Say in words where two runs of one schedule part."""
    for first, second in zip(one.events, other.events, strict=False):
        if fingerprint(first) != fingerprint(second):
            return (
                "the same schedule gave two different runs: event"
                f" {first.number} was {fingerprint(first).strip()} and then"
                f" {fingerprint(second).strip()}"
            )
    if len(one.events) != len(other.events):
        return f"the same schedule gave {len(one.events)} events and then {len(other.events)}"
    return f"the same schedule and events ended as {_end(one)} and then as {_end(other)}"

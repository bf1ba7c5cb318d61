"""Run machines as tests do: with few examples, and keeping what was played."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import Phase, settings

from raceexplore.hypothesis import Schedule
from raceexplore.linearizability import History, Recording
from raceexplore.stateful import (
    ConcurrentStateMachine,
    Plan,
    run_concurrent_state_machine_as_test,
)

# Without the explain phase, which traces every line: it takes longer than all else.
PHASES = (Phase.reuse, Phase.generate, Phase.shrink)
ONCE = settings(max_examples=1_000, database=None, derandomize=True, phases=PHASES)
FEW = settings(ONCE, max_examples=60)


def variant(
    machine: type[ConcurrentStateMachine], **attributes: Any
) -> tuple[type[ConcurrentStateMachine], list[History]]:
    """Return a machine that also keeps the history of each play."""
    played: list[History] = []

    def check(self: ConcurrentStateMachine, history: History) -> None:
        played.append(history)
        machine.check(self, history)

    return type(machine.__name__, (machine,), {"check": check, **attributes}), played


def failure_of(machine: type[ConcurrentStateMachine], how: settings = ONCE) -> BaseException:
    with pytest.raises(Exception) as caught:  # noqa: PT011 the caller says which
        run_concurrent_state_machine_as_test(machine, settings=how)
    return caught.value


def play(machine: type[ConcurrentStateMachine], plan: Plan, schedule: Schedule) -> None:
    schedule.run(machine.play, plan, Recording())

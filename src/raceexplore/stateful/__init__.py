"""Door: state machines whose rules several clients call at once, under drawn schedules.

The style is that of Hypothesis's ``RuleBasedStateMachine``; see docs/linearizability.md.
"""

from __future__ import annotations

import unittest
from typing import Any, ClassVar

from hypothesis import given
from hypothesis import settings as Settings  # noqa: N812 as Hypothesis's own modules call it
from hypothesis import strategies as st

from raceexplore.hypothesis.schedule import Schedule
from raceexplore.hypothesis.strategy import profile, schedules
from raceexplore.kernel.outcome import Run
from raceexplore.kernel.world import World
from raceexplore.linearizability.history import Recording
from raceexplore.stateful.machine import NAMES, Machine
from raceexplore.stateful.rules import (
    Bundle,
    Call,
    Consumed,
    Pick,
    Plan,
    Rule,
    consumes,
    invariant,
    precondition,
    rule,
)

__all__ = [
    "Bundle",
    "Call",
    "ConcurrentStateMachine",
    "Pick",
    "Plan",
    "consumes",
    "invariant",
    "plans",
    "precondition",
    "rule",
    "run_concurrent_state_machine_as_test",
]


HORIZON = 63  # a play is short: with larger gaps most deviations lie past its end
EXAMPLES = 300
# A drawn schedule stands for its neighbours too, one of its gaps up to this much larger: a call
# that is shrunk away moves all later choices, and the failure must survive that.
NEAR = 8


class ConcurrentStateMachine(Machine):
    """A `Machine` for Hypothesis: calls, data and schedule are drawn and shrunk together.

    ``TestX = X.TestCase`` makes a test of the machine ``X``; ``X.TestCase.settings`` are
    Hypothesis's settings for it.
    """

    TestCase: ClassVar[type[unittest.TestCase]]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.TestCase = _test_case(cls)


def run_concurrent_state_machine_as_test(
    machine: type[Machine], *, settings: Settings | None = None
) -> None:
    """Play ``machine`` under drawn plans and schedules; raise the smallest failure found.

    settings: Hypothesis's (default: the current ones, with at least `EXAMPLES` examples); a
    deadline is ignored, since a run's real time says nothing.
    """
    __tracebackhide__ = True
    _as_test(machine, settings)()


def plans(machine: type[Machine]) -> st.SearchStrategy[Plan]:
    """Return the strategy of what may be called: prefix, the calls of 2 to 4 clients, suffix."""
    call = st.one_of([_calls(found) for found in machine.rules().values()])
    clients = st.lists(
        st.lists(call, min_size=1, max_size=machine.calls_max),
        min_size=2,
        max_size=min(machine.clients_max, len(NAMES)),
    )
    prefix = st.lists(call, max_size=machine.prefix_max)
    suffix = st.lists(call, max_size=machine.suffix_max)
    return st.builds(Plan, prefix=prefix, clients=clients, suffix=suffix)


def _calls(found: Rule) -> st.SearchStrategy[Call]:
    return st.builds(Call, st.just(found.name), *map(_argument, found.arguments.values()))


def _argument(given: Any) -> st.SearchStrategy[Any]:
    """Return the strategy of an argument; a bundle's results are not there yet, so: which one."""
    if isinstance(given, (Bundle, Consumed)):
        consume = isinstance(given, Consumed)
        name = given.bundle.name if isinstance(given, Consumed) else given.name
        return st.builds(Pick, st.just(name), st.integers(0, 3), st.just(consume))
    return given  # type: ignore[no-any-return]


def _as_test(machine: type[Machine], settings: Settings | None) -> Any:
    async def play(plan: Plan, recording: Recording, *, world: World) -> None:
        __tracebackhide__ = True
        await machine.play(plan, recording, world=world)

    def case(plan: Plan, schedule: Schedule) -> None:
        __tracebackhide__ = True
        for index in range(len(schedule.moves)):
            for later in range(NEAR):
                moved = _later(schedule, index, later)
                run = _run(moved, play, plan)
                if run.schedule.size < len(moved.moves):
                    break  # it lay past the end of the play: so does any larger gap
        if not schedule.moves:
            _run(schedule, play, plan)

    play.recording = Recording  # type: ignore[attr-defined]  # so that a deadlock tells the calls
    play.__module__, play.__qualname__ = machine.__module__, f"{machine.__qualname__}.play"
    case.__name__ = case.__qualname__ = machine.__name__
    drawn = schedules(depth=machine.depth, horizon=HORIZON, sweep=0)
    test = given(plan=plans(machine), schedule=drawn)(case)
    key = f"{machine.__module__}.{machine.__qualname__}".encode()
    # the key of Hypothesis's database: every machine has the same `case`, and edits keep failures
    test.hypothesis.inner_test._hypothesis_internal_add_digest = key  # type: ignore[attr-defined] # noqa: SLF001
    return profile(settings or Settings(max_examples=max(EXAMPLES, Settings().max_examples)))(test)


def _run(schedule: Schedule, play: Any, plan: Plan) -> Run:
    __tracebackhide__ = True
    return schedule.run(play, plan)


def _later(schedule: Schedule, index: int, later: int) -> Schedule:
    """Return ``schedule`` with the gap of one move larger by ``later``."""
    moves = [move for move in schedule.moves if not isinstance(move, str)]
    gap, alternative = moves[index]
    moves[index] = (gap + later, alternative)
    others = {name: getattr(schedule, name) for name in ("latencies", "faults", "data")}
    return Schedule(*moves, **others)


def _test_case(machine: type[ConcurrentStateMachine]) -> type[unittest.TestCase]:
    class Case(unittest.TestCase):
        """The test of one machine."""

        settings: Settings | None = None

        def runTest(self) -> None:  # noqa: N802 unittest's name for it
            """Play the machine under drawn plans and schedules."""
            __tracebackhide__ = True
            run_concurrent_state_machine_as_test(machine, settings=self.settings)

    Case.runTest.is_hypothesis_test = True  # type: ignore[attr-defined]
    Case.__name__ = Case.__qualname__ = f"{machine.__name__}.TestCase"
    Case.__module__ = machine.__module__
    return Case

"""raceexplore: run trio programs on a schedule you control, find the one that fails, replay it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from raceexplore.kernel.choice import ChoicePoint, Deviation, Schedule
    from raceexplore.kernel.errors import (
        BadChoice,
        BadOption,
        BadProgram,
        BadSeed,
        Diverged,
        NotDeterministic,
        OutsideWorld,
        RaceExploreError,
        UnsupportedTrio,
    )
    from raceexplore.kernel.events.footprint import Footprint, conflict, footprint
    from raceexplore.kernel.events.order import event_keys, order, trace_key
    from raceexplore.kernel.events.trace import Access, Event
    from raceexplore.kernel.fence.guard import derive
    from raceexplore.kernel.names import TaskInfo
    from raceexplore.kernel.outcome import Failure, Run
    from raceexplore.kernel.program import Limits, Program, Settings
    from raceexplore.kernel.run import InvariantBroken, run_once, world
    from raceexplore.kernel.scheduler import Replay, Scheduler
    from raceexplore.kernel.world import World
    from raceexplore.linearizability.explain import check_linearizable
    from raceexplore.linearizability.history import History, Recording
    from raceexplore.search.campaign.found import Campaign, Found
    from raceexplore.search.corpus.regressions import assert_fixed
    from raceexplore.search.corpus.replay import replay
    from raceexplore.search.explore import explore
    from raceexplore.search.shrink.shrink import shrink
    from raceexplore.toolbox.bandit import Bandit
    from raceexplore.toolbox.by_name import by_name
    from raceexplore.toolbox.census import Census, touches
    from raceexplore.toolbox.entropy import draws
    from raceexplore.toolbox.foresight import Foresight
    from raceexplore.toolbox.frontier import Frontier
    from raceexplore.toolbox.proof import Proof
    from raceexplore.toolbox.samplers import Samplers
    from raceexplore.toolbox.turns import Relay, whose_turn

__version__ = "0.1.0"

__all__ = [
    "Access",
    "BadChoice",
    "BadOption",
    "BadProgram",
    "BadSeed",
    "Bandit",
    "Campaign",
    "Census",
    "ChoicePoint",
    "Deviation",
    "Diverged",
    "Event",
    "Failure",
    "Footprint",
    "Foresight",
    "Found",
    "Frontier",
    "History",
    "InvariantBroken",
    "Limits",
    "NotDeterministic",
    "OutsideWorld",
    "Program",
    "Proof",
    "RaceExploreError",
    "Recording",
    "Relay",
    "Replay",
    "Run",
    "Samplers",
    "Schedule",
    "Scheduler",
    "Settings",
    "TaskInfo",
    "UnsupportedTrio",
    "World",
    "assert_fixed",
    "by_name",
    "check_linearizable",
    "conflict",
    "derive",
    "draws",
    "event_keys",
    "explore",
    "footprint",
    "order",
    "replay",
    "run_once",
    "shrink",
    "touches",
    "trace_key",
    "whose_turn",
    "world",
]

_HOMES = {
    "toolbox.census": "Census touches",
    "kernel.choice": "ChoicePoint Deviation Schedule",
    "toolbox.entropy": "draws",
    "kernel.errors": (
        "BadChoice BadOption BadProgram BadSeed Diverged NotDeterministic OutsideWorld"
        " RaceExploreError UnsupportedTrio"
    ),
    "kernel.events.footprint": "Footprint conflict footprint",
    "toolbox.foresight": "Foresight",
    "kernel.fence.guard": "derive",
    "kernel.names": "TaskInfo",
    "kernel.events.order": "event_keys order trace_key",
    "kernel.outcome": "Failure Run",
    "kernel.program": "Limits Program Settings",
    "kernel.run": "InvariantBroken run_once world",
    "kernel.scheduler": "Replay Scheduler",
    "kernel.events.trace": "Access Event",
    "kernel.world": "World",
    "toolbox.bandit": "Bandit",
    "search.campaign.found": "Campaign Found",
    "linearizability.explain": "check_linearizable",
    "search.explore": "explore",
    "toolbox.frontier": "Frontier",
    "linearizability.history": "History Recording",
    "search.corpus.regressions": "assert_fixed",
    "toolbox.by_name": "by_name",
    "toolbox.proof": "Proof",
    "search.corpus.replay": "replay",
    "toolbox.samplers": "Samplers",
    "search.shrink.shrink": "shrink",
    "toolbox.turns": "Relay whose_turn",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    """Fetch a public name at first use: ``raceexplore --help`` need not wait for trio."""
    if name not in _HOME_OF:
        raise AttributeError(f"module 'raceexplore' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"raceexplore.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

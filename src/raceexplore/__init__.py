"""raceexplore: run trio programs on a schedule you control, find the one that fails, replay it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from raceexplore.kernel.census import Census, touches
    from raceexplore.kernel.choice import ChoicePoint, Deviation, Schedule
    from raceexplore.kernel.entropy import draws
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
    from raceexplore.kernel.footprint import Footprint, conflict, footprint
    from raceexplore.kernel.foresight import Foresight
    from raceexplore.kernel.guard import derive
    from raceexplore.kernel.names import TaskInfo
    from raceexplore.kernel.order import event_keys, order, trace_key
    from raceexplore.kernel.outcome import Failure, Run
    from raceexplore.kernel.program import Limits, Program, Settings
    from raceexplore.kernel.run import InvariantBroken, run_once, world
    from raceexplore.kernel.scheduler import Replay, Scheduler
    from raceexplore.kernel.trace import Access, Event
    from raceexplore.kernel.world import World
    from raceexplore.search.bandit import Bandit
    from raceexplore.search.campaign import Campaign, Found
    from raceexplore.search.explain import check_linearizable
    from raceexplore.search.explore import explore
    from raceexplore.search.frontier import Frontier
    from raceexplore.search.history import History, Recording
    from raceexplore.search.kept import assert_fixed
    from raceexplore.search.names import by_name
    from raceexplore.search.proof import Proof
    from raceexplore.search.replay import replay
    from raceexplore.search.samplers import Samplers
    from raceexplore.search.shrink import shrink
    from raceexplore.search.turns import Relay, whose_turn

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
    "kernel.census": "Census touches",
    "kernel.choice": "ChoicePoint Deviation Schedule",
    "kernel.entropy": "draws",
    "kernel.errors": (
        "BadChoice BadOption BadProgram BadSeed Diverged NotDeterministic OutsideWorld"
        " RaceExploreError UnsupportedTrio"
    ),
    "kernel.footprint": "Footprint conflict footprint",
    "kernel.foresight": "Foresight",
    "kernel.guard": "derive",
    "kernel.names": "TaskInfo",
    "kernel.order": "event_keys order trace_key",
    "kernel.outcome": "Failure Run",
    "kernel.program": "Limits Program Settings",
    "kernel.run": "InvariantBroken run_once world",
    "kernel.scheduler": "Replay Scheduler",
    "kernel.trace": "Access Event",
    "kernel.world": "World",
    "search.bandit": "Bandit",
    "search.campaign": "Campaign Found",
    "search.explain": "check_linearizable",
    "search.explore": "explore",
    "search.frontier": "Frontier",
    "search.history": "History Recording",
    "search.kept": "assert_fixed",
    "search.names": "by_name",
    "search.proof": "Proof",
    "search.replay": "replay",
    "search.samplers": "Samplers",
    "search.shrink": "shrink",
    "search.turns": "Relay whose_turn",
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

"""raceexplore: run async programs on a schedule you control, find the one that fails, replay it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raceexplore.lazy import fetch, homes

if TYPE_CHECKING:  # the public names: written here, and nowhere else
    from raceexplore.kernel.choice import ChoicePoint as ChoicePoint
    from raceexplore.kernel.choice import Deviation as Deviation
    from raceexplore.kernel.choice import Schedule as Schedule
    from raceexplore.kernel.errors import BadChoice as BadChoice
    from raceexplore.kernel.errors import BadOption as BadOption
    from raceexplore.kernel.errors import BadProgram as BadProgram
    from raceexplore.kernel.errors import BadSeed as BadSeed
    from raceexplore.kernel.errors import Diverged as Diverged
    from raceexplore.kernel.errors import NotDeterministic as NotDeterministic
    from raceexplore.kernel.errors import OutsideWorld as OutsideWorld
    from raceexplore.kernel.errors import RaceExploreError as RaceExploreError
    from raceexplore.kernel.errors import UnsupportedTrio as UnsupportedTrio
    from raceexplore.kernel.events.trace import Access as Access
    from raceexplore.kernel.events.trace import Event as Event
    from raceexplore.kernel.names import TaskInfo as TaskInfo
    from raceexplore.kernel.outcome import Failure as Failure
    from raceexplore.kernel.outcome import Run as Run
    from raceexplore.kernel.program import Limits as Limits
    from raceexplore.kernel.program import Program as Program
    from raceexplore.kernel.program import Settings as Settings
    from raceexplore.kernel.run import InvariantBroken as InvariantBroken
    from raceexplore.kernel.run import run_once as run_once
    from raceexplore.kernel.run import world as world
    from raceexplore.kernel.scheduler import Replay as Replay
    from raceexplore.kernel.scheduler import Scheduler as Scheduler
    from raceexplore.kernel.world import World as World
    from raceexplore.linearizability.explain import check_linearizable as check_linearizable
    from raceexplore.linearizability.history import History as History
    from raceexplore.linearizability.history import Recording as Recording
    from raceexplore.search.campaign.found import Campaign as Campaign
    from raceexplore.search.campaign.found import Found as Found
    from raceexplore.search.corpus.regressions import assert_fixed as assert_fixed
    from raceexplore.search.corpus.replay import replay as replay
    from raceexplore.search.explore import explore as explore
    from raceexplore.search.shrink.shrink import shrink as shrink
    from raceexplore.toolbox.by_name import by_name as by_name

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    return fetch(__name__, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *homes(__name__)})

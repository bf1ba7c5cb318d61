"""What schedulers are built of; guests may import it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raceexplore.lazy import fetch, homes

if TYPE_CHECKING:  # what it offers: written here, and nowhere else
    from raceexplore.kernel.events.footprint import Footprint as Footprint
    from raceexplore.kernel.events.footprint import conflict as conflict
    from raceexplore.kernel.events.footprint import footprint as footprint
    from raceexplore.kernel.events.order import event_keys as event_keys
    from raceexplore.kernel.events.order import order as order
    from raceexplore.kernel.events.order import trace_key as trace_key
    from raceexplore.kernel.fence.chance import derive as derive
    from raceexplore.kernel.scheduler import Aims as Aims
    from raceexplore.kernel.scheduler import ByIndex as ByIndex
    from raceexplore.kernel.scheduler import Claims as Claims
    from raceexplore.kernel.scheduler import Completes as Completes
    from raceexplore.kernel.scheduler import Draws as Draws
    from raceexplore.kernel.scheduler import Learns as Learns
    from raceexplore.kernel.scheduler import Observes as Observes
    from raceexplore.kernel.scheduler import Overhears as Overhears
    from raceexplore.kernel.scheduler import Proves as Proves
    from raceexplore.kernel.scheduler import Splits as Splits
    from raceexplore.kernel.scheduler import Tells as Tells
    from raceexplore.toolbox.bandit import Bandit as Bandit
    from raceexplore.toolbox.census import Census as Census
    from raceexplore.toolbox.census import touches as touches
    from raceexplore.toolbox.classes import MISSED as MISSED
    from raceexplore.toolbox.classes import TORN as TORN
    from raceexplore.toolbox.classes import Classes as Classes
    from raceexplore.toolbox.classes import shown as shown
    from raceexplore.toolbox.entropy import draws as draws
    from raceexplore.toolbox.foresight import Foresight as Foresight
    from raceexplore.toolbox.frontier import Frontier as Frontier
    from raceexplore.toolbox.proof import Proof as Proof
    from raceexplore.toolbox.relative import DRAWS as DRAWS
    from raceexplore.toolbox.relative import relative_to as relative_to
    from raceexplore.toolbox.relative import sentence as sentence
    from raceexplore.toolbox.relative import weaker as weaker
    from raceexplore.toolbox.samplers import WEIGHTS as WEIGHTS
    from raceexplore.toolbox.samplers import Samplers as Samplers
    from raceexplore.toolbox.turns import Relay as Relay
    from raceexplore.toolbox.turns import whose_turn as whose_turn
    from raceexplore.toolbox.wakeup_tree import Branch as Branch
    from raceexplore.toolbox.wakeup_tree import Cover as Cover
    from raceexplore.toolbox.wakeup_tree import Node as Node
    from raceexplore.toolbox.wakeup_tree import Step as Step
    from raceexplore.toolbox.wakeup_tree import drop_first as drop_first
    from raceexplore.toolbox.wakeup_tree import leaves_cover as leaves_cover
    from raceexplore.toolbox.wakeup_tree import validate as validate


def __getattr__(name: str) -> Any:
    return fetch(__name__, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *homes(__name__)})

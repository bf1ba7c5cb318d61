"""Chaos at the granularity of events: what LitmusChaos does, and where no tool can strike."""

from raceexplore.sim.chaos.chaos import Chaos
from raceexplore.sim.chaos.faults import (
    KILLS,
    BlastRadius,
    ChaosPlan,
    Effect,
    FaultKind,
    Injection,
    Liveness,
    Moments,
    Times,
)
from raceexplore.sim.chaos.probes import Comparator, Mode, Watching, offer
from raceexplore.sim.chaos.report import (
    Answered,
    ChaosReport,
    Ruling,
    Strike,
    Struck,
    resilience,
)
from raceexplore.sim.hosts.wire import during

__all__ = [
    "KILLS",
    "Answered",
    "BlastRadius",
    "Chaos",
    "ChaosPlan",
    "ChaosReport",
    "Comparator",
    "Effect",
    "FaultKind",
    "Injection",
    "Liveness",
    "Mode",
    "Moments",
    "Ruling",
    "Strike",
    "Struck",
    "Times",
    "Watching",
    "during",
    "offer",
    "resilience",
]

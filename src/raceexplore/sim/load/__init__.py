"""Load in virtual time: what NBomber does, with arrivals and data that the schedule draws."""

from raceexplore.sim.load.feeds import (
    Clients,
    Feed,
    circular,
    constant,
    random_items,
    zipf_items,
)
from raceexplore.sim.load.load import Load
from raceexplore.sim.load.measures import Latencies, Measures, Sampled
from raceexplore.sim.load.phases import (
    Phase,
    Spread,
    inject,
    inject_random,
    iterations_for_constant,
    iterations_for_inject,
    keep_constant,
    pause,
    ramping_constant,
    ramping_inject,
)
from raceexplore.sim.load.report import LoadReport
from raceexplore.sim.load.scenario import Ending, Invocation, Scenario, fail, ok
from raceexplore.sim.load.thresholds import Threshold, threshold

__all__ = [
    "Clients",
    "Ending",
    "Feed",
    "Invocation",
    "Latencies",
    "Load",
    "LoadReport",
    "Measures",
    "Phase",
    "Sampled",
    "Scenario",
    "Spread",
    "Threshold",
    "circular",
    "constant",
    "fail",
    "inject",
    "inject_random",
    "iterations_for_constant",
    "iterations_for_inject",
    "keep_constant",
    "ok",
    "pause",
    "ramping_constant",
    "ramping_inject",
    "random_items",
    "threshold",
    "zipf_items",
]

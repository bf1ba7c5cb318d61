"""Other people's HTTP services, simulated: what WireMock does, and its mapping files."""

from raceexplore.sim.http.patterns import (
    Pattern,
    absent,
    all_of,
    any_of,
    contains,
    equal,
    equal_json,
    json_path,
    negated,
    regex,
)
from raceexplore.sim.http.reply import Dribble, Fault, Reply
from raceexplore.sim.http.request import Request
from raceexplore.sim.http.stub import Stub

__all__ = [
    "Dribble",
    "Fault",
    "Pattern",
    "Reply",
    "Request",
    "Stub",
    "absent",
    "all_of",
    "any_of",
    "contains",
    "equal",
    "equal_json",
    "json_path",
    "negated",
    "regex",
]

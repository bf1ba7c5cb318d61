"""Data for concurrency: records drawn by label, nasty on purpose, shrunk with the schedule."""

from raceexplore.sim.data.data import Data, feed
from raceexplore.sim.data.fields import (
    Field,
    amount,
    boolean,
    fake,
    integer,
    moment,
    one_of,
    strategy,
    text,
)
from raceexplore.sim.data.records import Record, computed, one, several

__all__ = [
    "Data",
    "Field",
    "Record",
    "amount",
    "boolean",
    "computed",
    "fake",
    "feed",
    "integer",
    "moment",
    "one",
    "one_of",
    "several",
    "strategy",
    "text",
]

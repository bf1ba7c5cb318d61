"""Event-sourced state: an append-only log, and the state that follows from it, at any time."""

from raceexplore.sim.eventlog.entries import Conflict, Depended, Entry, Refused, Undone
from raceexplore.sim.eventlog.log import EventLog, logs
from raceexplore.sim.eventlog.store import EventStore

__all__ = [
    "Conflict",
    "Depended",
    "Entry",
    "EventLog",
    "EventStore",
    "Refused",
    "Undone",
    "logs",
]

"""Locks over a network, and what they guard: leases, Redlock, fencing tokens, compare-and-set."""

from raceexplore.sim.locks.fencing import Register, StaleToken
from raceexplore.sim.locks.lease import Lease
from raceexplore.sim.locks.redlock import Redlock
from raceexplore.sim.locks.store import StoreLock

__all__ = ["Lease", "Redlock", "Register", "StaleToken", "StoreLock"]

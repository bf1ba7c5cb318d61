"""Redis, simulated: redis-py's async client on a server whose every command is one event."""

from raceexplore.sim.redis.node import Node
from raceexplore.sim.redis.server import Redis

__all__ = ["Node", "Redis"]

"""Redis, simulated: redis-py's async client on a server whose every command is one event."""

from contextlib import nullcontext, suppress
from importlib import import_module

from raceexplore.sim.redis.engine import Engine
from raceexplore.sim.redis.node import Node
from raceexplore.sim.redis.server import Redis
from raceexplore.sim.unmodelled import MissingExtra

# Before any run, since what is done in the first run only would make it differ from the others:
# redis-py, fakeredis and its Lua draw random numbers when they are loaded. What is missing is told
# when it is needed.
with suppress(MissingExtra, ModuleNotFoundError):
    Engine(nullcontext).connection().run((b"EVAL", b"return 1", b"0"))
    import_module("raceexplore.sim.redis.client").callbacks()

__all__ = ["Node", "Redis"]

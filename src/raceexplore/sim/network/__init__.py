"""The network between hosts: late, lost, doubled, reordered, partitioned and held messages."""

from raceexplore.sim.network.network import Network
from raceexplore.sim.network.stream import Broken, Stream

__all__ = ["Broken", "Network", "Stream"]

"""Hosts: what owns tasks, a clock, a share of a processor and a disk, and can crash."""

from raceexplore.sim.hosts.ask import Gone, ask
from raceexplore.sim.hosts.clock import Clock
from raceexplore.sim.hosts.cpu import Quota
from raceexplore.sim.hosts.disk import Disk
from raceexplore.sim.hosts.host import Host

__all__ = ["Clock", "Disk", "Gone", "Host", "Quota", "ask"]

"""Processes: commands with arguments and exit codes, which share files and may be killed."""

from raceexplore.sim.processes.process import Call, Command, Process
from raceexplore.sim.processes.processes import Processes
from raceexplore.sim.unmodelled import Unmodelled

__all__ = ["Call", "Command", "Process", "Processes", "Unmodelled"]

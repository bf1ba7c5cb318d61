"""Files: a POSIX-like file system in memory, whose every call is a step, with locks and crashes."""

from raceexplore.sim.files.did import Did
from raceexplore.sim.files.files import Files, Status
from raceexplore.sim.files.inode import Sort
from raceexplore.sim.files.opened import OpenFile
from raceexplore.sim.files.system import FileSystem
from raceexplore.sim.unmodelled import Unmodelled

__all__ = ["Did", "FileSystem", "Files", "OpenFile", "Sort", "Status", "Unmodelled"]

"""Find the function that a simulated tool is."""

from __future__ import annotations

from raceexplore.kernel.errors import BadProgram
from raceexplore.search.programs.choose import member
from raceexplore.search.programs.load import import_target
from raceexplore.search.programs.target import find_target
from raceexplore.sim.processes import Command


def command(reference: str) -> Command:
    """Return the function that ``PATH[:NAME]`` names; without a name, ``main``.

    Raises `BadProgram` if there is none.
    """
    target = find_target(reference)
    name = target.name or "main"
    module = import_target(target)
    if name.partition(".")[0] not in vars(module):
        raise BadProgram(f"{target.shown} has no {name}; name the tool's function: PATH:NAME")
    function = member(module, name, target.shown)
    if not callable(function):
        raise BadProgram(f"{target.shown}:{name} is no function")
    found: Command = function
    return found

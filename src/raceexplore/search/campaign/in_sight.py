"""Make a program that is loaded already, by a test or a script, one whose runs can be observed."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from raceexplore.kernel.run import run_once
from raceexplore.kernel.scheduler import Replay
from raceexplore.kernel.standing.walk import INSTALLED
from raceexplore.observe.in_place import InPlace, files_called
from raceexplore.search.campaign.selfcheck import check
from raceexplore.search.campaign.suspects import before_runs
from raceexplore.search.programs.project import is_project_file
from raceexplore.search.programs.silence import silence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from raceexplore.kernel.choice import Schedule
    from raceexplore.kernel.program import Limits, Program, Settings


def in_sight(
    program: Program,
    schedule: Schedule,
    *,
    settings: Settings,
    limits: Limits,
    packages: Sequence[str] = (),
) -> Program:
    """Return ``program`` as one that can be observed; as it is, if it can be already.

    What it calls on ``schedule``, and on the default one, is observed: all that is the user's own,
    and the installed ``packages``. It is looked for when it is first needed.
    """
    if program.observed is not None:
        return program

    @cache
    def observed() -> InPlace:
        found: dict[str, None] = {}
        before = before_runs(program)
        with silence():
            first = run_once(
                program, Replay(schedule), settings=settings, limits=limits, record=True
            )
            check(first, limits, before=before)  # an observed run is never a program's first
        for tried in dict.fromkeys((schedule, type(schedule)())):
            with silence(), files_called(found):
                run_once(program, Replay(tried), settings=settings, limits=limits)
        own = [file for file in found if is_project_file(file) or _is_of(file, packages)]
        return InPlace(program.function, own)

    return replace(program, observed=observed, packages=tuple(packages))


def _is_of(file: str, packages: Sequence[str]) -> bool:
    """Return whether ``file`` is in one of the installed ``packages``."""
    path, folders = os.path.realpath(file), [os.sep + f + os.sep for f in INSTALLED]
    places = [f + package.replace(".", os.sep) for f in folders for package in packages]
    return any(place + os.sep in path or path.endswith(f"{place}.py") for place in places)

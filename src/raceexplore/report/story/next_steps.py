"""The commands that go on from a failing run: replay it, step through it, keep it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from raceexplore.kernel.errors import BadSeed
from raceexplore.search.corpus.regressions import suggested_name
from raceexplore.search.corpus.replay import inside
from raceexplore.search.programs.target import is_node_id

if TYPE_CHECKING:
    from raceexplore.kernel.outcome import Run


def replay_command(run: Run) -> str:
    """Return the shortest command that replays ``run`` from here.

    It names the program only where the seed may not: outside the working directory.
    """
    return f"raceexplore replay {target(run)}"


def debug_command(run: Run, saved: Path) -> str:
    """Return the command that steps through ``run``, which the file ``saved`` holds."""
    return f"raceexplore replay {target(run, shlex.quote(str(saved)))} --pdb"


def target(run: Run, saved: str = "") -> str:
    """Return how a command names ``run``: its seed, with the program where that must be named.

    saved: what to say in place of the seed.
    """
    observed = "" if saved else _observed(run)
    try:
        inside(run.program.name)
    except BadSeed:
        return f"{saved or run.seed} {shlex.quote(run.program.name)}{observed}"
    return f"{saved or run.seed}{observed}"


def _observed(run: Run) -> str:
    """Return the options that say what a seed does not: which installed packages were observed."""
    return "".join(f" --observe {package}" for package in run.program.packages)


def keep_command(run: Run, saved: Path | None = None) -> str:
    """Return the command that keeps ``run`` as a regression; empty where pytest keeps it itself.

    saved: a file that holds it, shorter than its seed. The command is to be run in the folder that
    the program is in, if that is not this one.
    """
    assert run.failure is not None
    if is_node_id(run.program.name):
        return ""
    name = suggested_name(run.program.name, run.failure.kind)
    what = run.seed + _observed(run) if saved is None else shlex.quote(str(saved))
    elsewhere = saved is not None and saved.parent != Path("corpus")
    options = f" --corpus {shlex.quote(str(saved.parent))}" if saved and elsewhere else ""
    return f"raceexplore corpus add {what} --as {name}{options}"

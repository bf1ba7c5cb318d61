"""The options --load and --chaos: what programs are under that do not have it in themselves."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from raceexplore.cli import arguments

if TYPE_CHECKING:
    from collections.abc import Callable

    from raceexplore.kernel.program import Limits
    from raceexplore.search.corpus.replay import Stored
    from raceexplore.search.evidence.conditions import Conditions
    from raceexplore.sim.chaos import ChaosPlan

F = TypeVar("F", bound="Callable[..., Any]")
A_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
STEPS = 3_000_000  # a load of some hundred requests has many events


def options(command: F) -> F:
    """Give ``command`` --load and --chaos, for `asked` to take."""
    load = click.option("--load", type=A_FILE, metavar="FILE",
                        help="NBomber's JSON: a load in place of the program's.")  # fmt: skip
    chaos = click.option("--chaos", type=A_FILE, metavar="FILE",
                         help="A plan of faults: TOML, or a ChaosEngine of LitmusChaos as YAML."
                         )  # fmt: skip
    return load(chaos(command))


def asked(
    given: dict[str, Any], max_steps: int | None, wall_limit: float = arguments.WALL_S
) -> tuple[str, Conditions | None, Limits]:
    """Take the options out of ``given``; return them as words, what they mean, and the limits."""
    files = {name: given.pop(name) for name in ("load", "chaos")}
    words = "".join(f" --{n} {shlex.quote(str(file))}" for n, file in files.items() if file)
    if not words:
        return "", None, arguments.limits(max_steps, wall_limit)
    from raceexplore.search.evidence.conditions import Conditions

    found = Conditions()
    if files["load"] is not None:
        from raceexplore.sim.load.nbomber import read_nbomber

        found = Conditions(read_nbomber(files["load"]), str(files["load"]))
    if files["chaos"] is not None:
        found = replace(found, plan=plan_in(files["chaos"]))
    return words, found, arguments.limits(max_steps or STEPS, wall_limit)


def put(stored: Stored, conditions: Conditions | None) -> Stored:
    """Return ``stored`` with its program under ``conditions``, if there are any."""
    if conditions is None:
        return stored
    return replace(stored, program=conditions.under(stored.program))


def plan_in(file: Path) -> ChaosPlan:
    """Return the plan in ``file``: TOML, or else an engine of LitmusChaos."""
    if file.suffix == ".toml":
        from raceexplore.sim.chaos.plan_file import read_plan

        return read_plan(file)
    from raceexplore.sim.chaos.litmus import read_engine

    return read_engine(file)

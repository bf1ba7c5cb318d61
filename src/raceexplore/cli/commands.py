"""The commands that share nothing with the others."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, TypeVar

import click

from raceexplore.cli import status
from raceexplore.cli.arguments import form, limits
from raceexplore.cli.chaos.command import chaos
from raceexplore.cli.evidence.compare import compare
from raceexplore.cli.evidence.predict import predict
from raceexplore.cli.evidence.sample import sample
from raceexplore.cli.evidence.sweep import sweep
from raceexplore.cli.tools.score import cli_score
from raceexplore.kernel.program import Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rich.text import Text

    from raceexplore.kernel.scheduler import Scheduler

F = TypeVar("F", bound="Callable[..., Any]")


@click.command()
@form
def schedulers(*, form: str) -> None:
    """List the schedulers and their options."""
    from raceexplore.report.terminal import listing

    _list(form, listing.schedulers(), listing.scheduler_values())


@click.command()
@form
def models(*, form: str) -> None:
    """List the programs that come with raceexplore."""
    from raceexplore.report.terminal import listing

    _list(form, listing.models(), listing.model_values())


def _list(form: str, lines: Iterable[Text], values: object) -> None:
    from raceexplore.cli.streams import say, tell

    if form == "json":
        tell(json.dumps(values, default=str), data=True)
    else:
        say(lines, sys.stdout)


@click.command()
@click.argument("name", metavar="PKG.MODULE:NAME")
@click.option("--test", is_flag=True, help="Write a Hypothesis test and not a model.")
@form
def new(*, name: str, test: bool, form: str) -> None:
    """Print a first model, or a test, of an async function or class."""
    from raceexplore.cli.streams import tell
    from raceexplore.search.programs.first_model import skeleton

    text = skeleton(name, test=test)
    if form == "json":
        text = json.dumps({"of": name, "kind": "test" if test else "model", "source": text})
    tell(text, data=form == "json")


@click.command()
@click.argument("path", metavar="PATH[:NAME]")
@click.option("--max-steps", type=int, default=Limits().steps, metavar="N", show_default=True,
              help="Events after which a run is cut.")  # fmt: skip
def doctor(*, path: str, max_steps: int) -> int:
    """Check that a program runs alike each time; say what to change."""
    from raceexplore.cli.streams import say
    from raceexplore.report.terminal.listing import findings
    from raceexplore.search.campaign.doctor import examine

    found = list(examine(path, limits(max_steps)))
    say(findings(found), sys.stdout)
    return status.REFUSED if any(f.level == "wrong" for f in found) else status.NOTHING


JOBS_MAX = 256  # processes; all of them are started at once
ALONE = (schedulers, models, new, doctor, sample, compare, sweep, predict, chaos, cli_score)


def jobs(command: F) -> F:
    """Give ``command`` the option --jobs, which reaches it as a number or ``auto``."""
    return click.option("-j", "--jobs", default="1", metavar="N|auto", callback=_jobs,
                        help="Processes to share the runs; what is found stays the same.",
                        show_default=True)(command)  # fmt: skip


def _jobs(context: click.Context, option: click.Parameter, value: str) -> int | str:
    if value == "auto":
        return value
    if not (value.isascii() and value.isdecimal() and len(value) < 10 and int(value)):
        raise click.UsageError(f"--jobs is a number from 1, or auto, not {value[:40]}")
    if int(value) > JOBS_MAX:
        raise click.UsageError(f"--jobs is at most {JOBS_MAX}, not {int(value):,}")
    return int(value)


def tell_jobs(jobs: int | str, scheduler: Scheduler, name: str) -> None:
    """Say so if the runs of ``scheduler`` cannot be shared."""
    from raceexplore.search.processes.units import can_split

    if jobs != 1 and not can_split(scheduler):
        status.note(f"{name} needs each run to know the next; --jobs {jobs} changes nothing")

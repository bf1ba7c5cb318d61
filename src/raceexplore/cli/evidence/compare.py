"""The command ``raceexplore compare``: whether a fix holds."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from raceexplore.cli import arguments
from raceexplore.cli.evidence import sheets, under

if TYPE_CHECKING:
    from raceexplore.kernel.program import Program


def a_rate(context: click.Context, option: click.Parameter, value: str | None) -> float | None:
    """Return the share that ``2.3%`` or ``0.023`` is. Raises click's BadParameter."""
    if value is None:
        return None
    try:
        number = float(value.rstrip("% ")) / (100 if value.rstrip().endswith("%") else 1)
    except ValueError:
        number = 0.0
    if not 0 < number < 1:
        raise click.BadParameter(f"a rate is like 0.3% or 0.003, not {value}")
    return number


@click.command
@click.argument("before", metavar="BEFORE[:NAME]", shell_complete=arguments.files)
@click.argument("after", metavar="[AFTER[:NAME]]", required=False, shell_complete=arguments.files)
@click.option("--rev", metavar="REVISION",
              help="BEFORE is what git has of that file there; AFTER is as it is now.")  # fmt: skip
@click.option("--runs", type=click.IntRange(min=1), default=10_000, show_default=True, metavar="N",
              help="Pairs of runs, at most; it stops as soon as it can.")  # fmt: skip
@click.option("--exclude", callback=a_rate, metavar="RATE",
              help="The rate to exclude, as 0.3%. [that, or less]")  # fmt: skip
@click.option("--attempts", type=click.IntRange(min=1), default=20, show_default=True,
              metavar="N", help="Times to force the failing orders on AFTER.")  # fmt: skip
@click.option("--entropy", type=int, default=0, show_default=True, metavar="N",
              help="What the draws follow.")  # fmt: skip
@under.options
@arguments.max_steps
@sheets.form
@sheets.files
def compare(
    before: str, after: str | None, rev: str | None, form: str, max_steps: int | None, **given: Any
) -> int:
    """Tell whether a fix holds: run BEFORE and AFTER on the same days.

    Both draw the same latencies and faults, run by run; every schedule on which BEFORE fails is
    tried on AFTER, and the orders of events that made it fail are forced on it. The verdict is
    HOLDS (status 0), with the rate that is excluded; FAILS (1), with a seed; or INCONCLUSIVE (3),
    with what is missing.
    """
    from raceexplore.cli.progress import progress_bar
    from raceexplore.report.evidence.of_compare import compare_sheet, compare_value
    from raceexplore.search.evidence.compare import compare as compared
    from raceexplore.search.evidence.conditions import NOTHING
    from raceexplore.search.programs.silence import silence

    options, conditions, limits = under.asked(given, max_steps)
    files = sheets.asked(given)
    with silence():
        first, second = _programs(before, after, rev)
        with progress_bar(sys.stderr, given["runs"]) as progress:
            result = compared(
                first, second, conditions=conditions or NOTHING, limits=limits,
                progress=progress, **given,
            )  # fmt: skip
    sheet = compare_sheet(result, options)
    return sheets.finish(sheet, lambda: compare_value(result), form, files)


def _programs(before: str, after: str | None, rev: str | None) -> tuple[Program, Program]:
    from raceexplore.search.programs.load import load_program
    from raceexplore.search.programs.revision import load_revision

    if rev is None and after is None:
        raise click.UsageError("name AFTER too, or --rev REVISION for what BEFORE was there")
    if rev is not None:
        return load_revision(before, rev), load_program(after or before)
    assert after is not None
    return load_program(before), load_program(after)

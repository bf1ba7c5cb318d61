"""The command ``raceexplore sample``: how often a program fails, with an interval."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

import click

from raceexplore.cli import arguments
from raceexplore.cli.evidence import sheets


def halves(
    context: click.Context, option: click.Parameter, value: str | None
) -> tuple[str, str] | None:
    """Return the two names in ``oversold/orders``. Raises click's UsageError."""
    if value is None:
        return None
    part, _, whole = value.partition("/")
    if not part or not whole:
        raise click.UsageError(f"--per is like oversold/orders, not {value!r}")
    return part, whole


@click.command
@arguments.a_program
@click.option("--runs", type=click.IntRange(min=1), default=1_000, show_default=True, metavar="N",
              help="How many runs to draw.")  # fmt: skip
@click.option("--entropy", type=int, default=0, show_default=True, metavar="N",
              help="What the draws follow.")  # fmt: skip
@click.option("--per", metavar="PART/WHOLE", callback=halves,
              help="Also a rate of what the program counts (World.count).")  # fmt: skip
@click.option("--split", type=click.IntRange(min=2), metavar="TREES",
              help="For a rare rate: split runs that come nearer, in so many trees.")  # fmt: skip
@arguments.max_steps
@sheets.form
@sheets.files
def sample(
    path: str, form: str, max_steps: int | None, per: tuple[str, str] | None, **given: Any
) -> int:
    """Draw runs of a program and tell how often it fails.

    Latencies and faults come from their distributions, and no schedule is looked for: unlike those
    of run, these failures are a rate, and it has an interval. Status 1 if any run failed.
    """
    from raceexplore.cli.progress import progress_bar
    from raceexplore.report.evidence import of_sample
    from raceexplore.search.evidence.sample import sample as sampled
    from raceexplore.search.evidence.splitting import split_on_orders
    from raceexplore.search.programs.load import load_program
    from raceexplore.search.programs.silence import silence

    limits, trees = arguments.limits(max_steps), given.pop("split")
    files = sheets.asked(given)
    with silence():
        program = load_program(path)
        if trees is not None:
            split = split_on_orders(program, trees=trees, entropy=given["entropy"], limits=limits)
    if trees is not None:
        value = partial(of_sample.split_value, program.name, split)
        return sheets.finish(of_sample.split_sheet(program.name, split), value, form, files)
    with silence(), progress_bar(sys.stderr, given["runs"]) as progress:
        drawn = sampled(program, limits=limits, progress=progress, **given)
    sheet = of_sample.sample_sheet(drawn, per)
    return sheets.finish(sheet, lambda: of_sample.sample_value(drawn, per), form, files)

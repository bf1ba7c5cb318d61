"""The command ``raceexplore sweep``: how the rate depends on latency, processor and load."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from raceexplore.cli import arguments
from raceexplore.cli.evidence import sheets
from raceexplore.cli.evidence.sample import halves

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command
@arguments.a_program
@click.option("--vary", multiple=True, metavar="KNOB=VALUES",
              help="As sigma=0:1.6:8 (8 values from 0 to 1.6) or cpu=1,0.5; may be repeated."
              )  # fmt: skip
@click.option("--at", multiple=True, metavar="KNOB=VALUE,...",
              help="A setting of its own, as sigma=1.6,cpu=0.25; may be repeated.")  # fmt: skip
@click.option("--runs", type=click.IntRange(min=1), default=300, show_default=True, metavar="N",
              help="Runs to draw at each setting.")  # fmt: skip
@click.option("--entropy", type=int, default=0, show_default=True, metavar="N",
              help="What the draws follow.")  # fmt: skip
@click.option("--per", metavar="PART/WHOLE", callback=halves,
              help="The rate of what the program counts (World.count).")  # fmt: skip
@click.option("--visible/--no-visible", default=True,
              help="Look for the smallest value at which 100 runs show it?")  # fmt: skip
@click.option("--svg", type=sheets.a_file, metavar="FILE", help="The curves as a picture.")
@click.option("--csv", type=sheets.a_file, metavar="FILE", help="A line for each setting.")
@arguments.max_steps
@sheets.form
@sheets.files
def sweep(
    path: str,
    vary: Sequence[str],
    at: Sequence[str],
    form: str,
    max_steps: int | None,
    **given: Any,
) -> int:
    """Draw runs at each of several settings, and tell how the rate of failures depends on them.

    Every simulated latency has the knob latency (a factor), every LogNormal has sigma, every host
    has cpu; a program may have more (World.knob). All settings meet the same draws. If the file of
    the program has a function expected(knobs), the rate that it gives stands beside.
    """
    from raceexplore.cli.progress import progress_bar
    from raceexplore.report.evidence import of_sweep, plots
    from raceexplore.search.evidence import grid
    from raceexplore.search.evidence.sweep import sweep as swept
    from raceexplore.search.programs.load import load_program
    from raceexplore.search.programs.silence import silence

    limits, files = arguments.limits(max_steps), sheets.asked(given, "svg", "csv")
    axes = [grid.axis(text) for text in vary]
    runs = len(grid.points(axes, at)) * given["runs"]
    with silence():
        program = load_program(path)
        with progress_bar(sys.stderr, runs) as progress:
            result = swept(program, axes, at, limits=limits, progress=progress, **given)
    drawing = files["svg"] or files["html"]
    picture = plots.svg_plot(result) if drawing else ""
    sheet = of_sweep.sweep_sheet(result, picture)
    if form == "text" and axes:
        sheets.draw(lambda width: plots.terminal_plot(result, width))
    texts = {"svg": picture, "csv": of_sweep.sweep_csv(result)}
    return sheets.finish(sheet, lambda: of_sweep.sweep_value(result), form, files, **texts)

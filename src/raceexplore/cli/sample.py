"""The command ``raceexplore sample``: how often a program fails, with an interval."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from raceexplore.cli import arguments, status

if TYPE_CHECKING:
    from raceexplore.search.evidence.sample import Sample

MODE = "strict time, drawn latencies and faults, tasks in the order of virtual time"


@click.command
@arguments.a_program
@click.option("--runs", type=click.IntRange(min=1), default=1_000, show_default=True, metavar="N",
              help="How many runs to draw.")  # fmt: skip
@click.option("--entropy", type=int, default=0, show_default=True, metavar="N",
              help="What the draws follow.")  # fmt: skip
@click.option("--per", metavar="PART/WHOLE",
              help="Also a rate of what the program counts (World.count).")  # fmt: skip
@arguments.max_steps
@arguments.form
def sample(path: str, form: str, max_steps: int | None, per: str | None, **drawing: int) -> int:
    """Draw runs of a program and tell how often it fails.

    Latencies and faults come from their distributions, and no schedule is looked for: unlike those
    of run, these failures are a rate, and it has an interval. Status 1 if any run failed.
    """
    from raceexplore.cli.progress import progress_bar
    from raceexplore.search.evidence.sample import sample as sampled
    from raceexplore.search.programs.load import load_program
    from raceexplore.search.programs.silence import silence

    limits = arguments.limits(max_steps)
    with silence():
        program = load_program(path)
        with progress_bar(sys.stderr, drawing["runs"]) as progress:
            drawn = sampled(program, limits=limits, progress=progress, **drawing)
    if form == "json":
        click.echo(json.dumps(as_json(drawn, per), indent=2))
    else:
        click.echo("\n".join(text(drawn, per)))
    if not drawn.runs:
        return status.INCONCLUSIVE
    return status.FOUND if drawn.failed else status.NOTHING


def text(drawn: Sample, per: str | None) -> list[str]:
    """Return the lines that a reader is told."""
    from raceexplore.search.evidence.intervals import bound, percent

    name, runs = drawn.program.name, drawn.runs
    if not runs:
        return [f"INCONCLUSIVE  {name}: all {drawn.cut:,} runs were cut by a limit"]
    if drawn.failed:
        shares = f"{percent(drawn.rate)} (95 %: {drawn.interval})"
        lines = [f"{name}: {drawn.failed:,} of {runs:,} runs failed: {shares}"]
    else:
        excluded = f"a rate above {percent(bound(runs))} is excluded with 95 % confidence"
        lines = [f"{name}: none of {runs:,} runs failed; {excluded}"]
    lines.append(f"  {MODE}; entropy {drawn.entropy}")
    if drawn.cut:
        lines.append(f"  {drawn.cut:,} further runs were cut by a limit and are not counted")
    if per is not None:
        part, whole = _halves(per)
        rate, interval = drawn.per(part, whole)
        lines.append(
            f"  {part} per {whole}: {percent(rate)} (95 %: {interval}), over {runs:,} runs"
        )
    for each in drawn.failures:
        lines += [f"  {each.count:,} x {each.headline}", f"    {each.seed}"]
    return lines


def as_json(drawn: Sample, per: str | None) -> dict[str, Any]:
    """Return what ``--format json`` prints."""
    told: dict[str, Any] = {
        "program": drawn.program.name,
        "mode": MODE,
        "entropy": drawn.entropy,
        "runs": drawn.runs,
        "failed": drawn.failed,
        "cut": drawn.cut,
        "failures": [
            {"headline": each.headline, "count": each.count, "seed": each.seed}
            for each in drawn.failures
        ],
        "counts": {name: sum(counted) for name, counted in drawn.counts.items()},
    }
    if drawn.runs:
        interval = drawn.interval
        told |= {"rate": drawn.rate, "interval_95": [interval.low, interval.high]}
    if per is not None:
        part, whole = _halves(per)
        rate, interval = drawn.per(part, whole)
        told["per"] = {
            "part": part,
            "whole": whole,
            "rate": rate,
            "interval_95": [interval.low, interval.high],
        }
    return told


def _halves(per: str) -> tuple[str, str]:
    part, _, whole = per.partition("/")
    if not part or not whole:
        raise click.UsageError(f"--per is like oversold/orders, not {per!r}")
    return part, whole

"""The command ``raceexplore chaos``: a program under a plan of faults, and what it withstands."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from raceexplore.cli import arguments, status
from raceexplore.cli.evidence import sheets, under

if TYPE_CHECKING:
    from collections.abc import Sequence

    from raceexplore.kernel.program import Limits, Program
    from raceexplore.search.chaos.campaign import ChaosCampaign
    from raceexplore.sim.chaos import ChaosPlan

A_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command
@arguments.a_program
@click.option("--plan", "plan_file", type=A_FILE, help="A plan, as TOML.")
@click.option("--engine", type=A_FILE, help="A ChaosEngine manifest of LitmusChaos, as YAML.")
@click.option("--runs", type=click.IntRange(min=1), default=20, show_default=True, metavar="N",
              help="How many runs to draw.")  # fmt: skip
@click.option("--entropy", type=int, default=0, show_default=True, metavar="N",
              help="What the draws follow.")  # fmt: skip
@click.option("--only", type=click.IntRange(min=0), metavar="N",
              help="Do run N alone, and tell what happened in it.")  # fmt: skip
@click.option("--beside-time", is_flag=True,
              help="Do as many runs with strikes at drawn instants, and compare.")  # fmt: skip
@arguments.max_steps
@sheets.form
@sheets.files
def chaos(
    path: str,
    plan_file: Path | None,
    engine: Path | None,
    *,
    only: int | None,
    form: str,
    max_steps: int | None,
    beside_time: bool,
    **given: Any,
) -> int:
    """Run a program while a plan of faults is carried out, and ask its probes.

    Status 0: all faults struck, and all probes hold. 1: a probe or the program failed. 3: a fault
    never struck, or the program never was ready: nothing is shown.
    """
    from raceexplore.cli.progress import progress_bar
    from raceexplore.report.evidence.of_chaos import chaos_sheet
    from raceexplore.report.terminal.chaos import campaign_lines, run_lines, windows_lines
    from raceexplore.search.chaos.campaign import ChaosCampaign, by_time, campaign
    from raceexplore.search.chaos.runs import chaos_run
    from raceexplore.search.programs.load import load_program
    from raceexplore.search.programs.silence import silence

    files = sheets.asked(given)
    plan = _plan(plan_file, engine)
    limits = arguments.limits(max_steps or under.STEPS)
    with silence():
        program = load_program(path)
        if only is not None:
            one = chaos_run(program, plan, only, entropy=given["entropy"], limits=limits)
            done, beside = ChaosCampaign(plan, (one,), given["entropy"]), None
        else:
            with progress_bar(sys.stderr, given["runs"]) as progress:
                done = campaign(program, plan, limits=limits, progress=progress, **given)
            beside = by_time(program, done, limits=limits) if beside_time else None
        seeds = _seeds(program, done, limits)
    sheet = chaos_sheet(program.name, done, seeds=seeds, options=f" --chaos {plan_file or engine}")
    if form == "markdown" or any(files.values()):
        return sheets.finish(sheet, lambda: as_json(done, beside, seeds), form, files)
    if only is None:
        lines = campaign_lines(program.name, done)
        lines += windows_lines(done, beside) if beside is not None else []
        lines += _again(path, plan_file, engine, done)
    else:
        lines = [*run_lines(program.name, one), *([""] if seeds else [])]
    lines += [f"replay raceexplore replay {seed}{sheet.options}" for _, seed in seeds]
    _tell(form, as_json(done, beside, seeds) if only is None else one.report.value(), lines)
    return STATUS[done.ruling.value]


def _tell(form: str, value: dict[str, Any], lines: list[str]) -> None:
    click.echo(json.dumps(value, indent=2) if form == "json" else "\n".join(lines))


STATUS = {"pass": status.NOTHING, "fail": status.FOUND, "inconclusive": status.INCONCLUSIVE}


def _plan(plan_file: Path | None, engine: Path | None) -> ChaosPlan:
    if (plan_file is None) == (engine is None):
        raise click.UsageError("name one plan: --plan plan.toml, or --engine engine.yaml")
    if plan_file is not None:
        from raceexplore.sim.chaos.plan_file import read_plan

        return read_plan(plan_file)
    from raceexplore.sim.chaos.litmus import read_engine

    assert engine is not None
    return read_engine(engine)


def _seeds(program: Program, done: ChaosCampaign, limits: Limits) -> list[tuple[str, str]]:
    """Return the first failing run's headline and seed, shrunk; nothing if it has none."""
    from raceexplore.search.chaos.seed import reproduced

    for each in done.failed[:1]:
        run = reproduced(program, done.plan, each, entropy=done.entropy, limits=limits)
        if run is not None and run.failure is not None:
            message = run.failure.message.splitlines()[0]
            return [(f"run {each.number}: {run.failure.kind}: {message}", run.seed)]
    return []


def _again(
    path: str, plan_file: Path | None, engine: Path | None, done: ChaosCampaign
) -> list[str]:
    if not done.failed:
        return []
    number = done.failed[0].number
    option = f"--plan {plan_file}" if plan_file is not None else f"--engine {engine}"
    entropy = f" --entropy {done.entropy}" if done.entropy else ""
    return ["", f"look   raceexplore chaos {path} {option}{entropy} --only {number}"]


def as_json(
    done: ChaosCampaign, beside: ChaosCampaign | None, seeds: Sequence[tuple[str, str]] = ()
) -> dict[str, Any]:
    """Return the campaign as plain data."""
    from raceexplore.search.chaos.campaign import windows

    named = windows(done.plan)
    return {
        "plan": done.plan.name,
        "ruling": done.ruling.value,
        "runs": len(done.runs),
        "seeds": [{"headline": headline, "seed": seed} for headline, seed in seeds],
        "failed": [each.number for each in done.failed],
        "never_struck": list(done.never_struck),
        "score": done.score,
        "score_interval_95": [done.score_interval.low, done.score_interval.high],
        "fault_scores": {
            fault.name: {"score": mean, "interval_95": [interval.low, interval.high]}
            for fault in done.plan.faults
            for mean, interval in (done.fault_score(fault.name),)
        },
        "windows": done.reached(named),
        "windows_by_time": None if beside is None else beside.reached(named),
        "reports": [{"number": each.number, **each.report.value()} for each in done.runs],
    }

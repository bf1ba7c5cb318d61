"""The command ``raceexplore predict``: where to look first."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from raceexplore.cli import arguments
from raceexplore.cli.evidence import sheets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from raceexplore.search.predict.architecture import Incident
    from raceexplore.search.predict.predict import Prediction


@click.command
@arguments.a_program
@click.option("--budget", type=click.IntRange(min=1), default=400, show_default=True, metavar="N",
              help="Runs in all, to perturb a program's boundaries.")  # fmt: skip
@click.option("--incident", "incidents", multiple=True, metavar="BOUNDARY=DAYS",
              help="Something went wrong there, so many days ago; may be repeated.")  # fmt: skip
@click.option("--entropy", type=int, default=0, show_default=True, metavar="N",
              help="What the perturbations follow.")  # fmt: skip
@click.option("--svg", type=sheets.a_file, metavar="FILE", help="The graph as a picture.")
@arguments.max_steps
@sheets.form
@sheets.files
def predict(
    path: str, form: str, max_steps: int | None, incidents: Sequence[str], **given: Any
) -> int:
    """Rank the boundaries of a system by how much timing changes at them.

    A program is observed, and what its tasks share is perturbed, one after the other. An arch.toml,
    a Docker Compose file, Kubernetes' manifests (a file or a folder) are ranked by what they say.
    """
    from raceexplore.report.evidence.of_predict import graph_svg, predict_sheet, predict_value

    limits, files = arguments.limits(max_steps), sheets.asked(given, "svg")
    known = [_incident(text) for text in incidents]
    place = Path(path)
    if place.suffix in (".toml", ".yaml", ".yml") or place.is_dir():
        found = _told(place, known)
    else:
        found = _measured(path, known, limits=limits, **given)
    drawing = files["svg"] or files["html"]
    picture = graph_svg(found) if drawing else ""
    sheet = predict_sheet(found, picture)
    return sheets.finish(sheet, lambda: predict_value(found), form, files, svg=picture)


def _told(place: Path, incidents: Sequence[Incident]) -> Prediction:
    from dataclasses import replace

    from raceexplore.search.predict.architecture import load_architecture
    from raceexplore.search.predict.deployed import load_deployment
    from raceexplore.search.predict.predict import predict_architecture

    load = load_architecture if place.suffix == ".toml" else load_deployment
    found = load(place)
    return predict_architecture(replace(found, incidents=(*found.incidents, *incidents)))


def _measured(path: str, incidents: Sequence[Incident], **given: Any) -> Prediction:
    from raceexplore.cli.progress import progress_bar
    from raceexplore.search.predict.predict import predict as predicted
    from raceexplore.search.programs.load import load_program
    from raceexplore.search.programs.silence import silence

    with silence():
        program = load_program(path)
        with progress_bar(sys.stderr, given["budget"]) as progress:
            return predicted(program, incidents=incidents, progress=progress, **given)


def _incident(text: str) -> Incident:
    from raceexplore.search.predict.architecture import Incident

    boundary, _, days = text.rpartition("=")
    if not boundary or not days.replace(".", "", 1).isdecimal():
        raise click.UsageError(f"--incident is like 'cache[left]=12', in days, not {text!r}")
    return Incident(boundary, float(days))

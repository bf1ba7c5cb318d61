"""The files that a command writes about a run, each in the form its option names."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from raceexplore.cli import status
from raceexplore.kernel.errors import BadOption
from raceexplore.search.programs.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from raceexplore.kernel.outcome import Run
    from raceexplore.kernel.program import Limits
    from raceexplore.report.files.junit import Case
    from raceexplore.report.story.view import View
    from raceexplore.search.campaign.found import Campaign, Found
    from raceexplore.search.corpus.replay import Replayed

F = TypeVar("F", bound="Callable[..., Any]")
FORMS = {
    "html": "A page with swim lanes and a scrubber; it works offline.",
    "perfetto": "A Chrome trace, for ui.perfetto.dev.",
    "svg": "A picture of the happens-before graph.",
    "json": "The rows behind all of these, as JSON.",
}


REFUSED = "not written: "


@dataclass(frozen=True, slots=True)
class Asked:
    """The files to write, by form; github: print annotations (None: in GitHub Actions only)."""

    files: dict[str, Path]
    junit: Path | None = None
    github: bool | None = None


def options(command: F) -> F:
    """Give ``command`` the options, which reach it as the keywords that `asked` takes away."""
    github = click.option(
        "--github/--no-github", default=None, help="Print annotations of GitHub Actions. [there]"
    )
    path = click.Path(dir_okay=False, path_type=Path)
    junit = click.option("--junit", type=path, metavar="FILE", help="JUnit XML.")
    command = junit(github(command))
    for form, text in reversed(FORMS.items()):
        command = click.option(f"--{form}", type=path, metavar="FILE", help=text)(command)
    return command


def asked(given: dict[str, Any]) -> Asked:
    """Take the options out of ``given`` and return what they ask for.

    Raises `BadOption` for a file in a folder that there is not, before anything is run.
    """
    files = {form: given.pop(form) for form in FORMS}
    named = {form: file for form, file in files.items() if file is not None}
    junit, github = given.pop("junit"), given.pop("github")
    for file in [*named.values(), *([junit] if junit else [])]:
        try:
            there = file.parent.is_dir()
            file.exists()
        except OSError as error:
            raise BadOption(f"{file} cannot be written: {error.strerror}") from None
        if not there:
            raise BadOption(f"{file} cannot be written: there is no folder {file.parent}")
    return Asked(named, junit, github)


def is_refusal(line: str) -> bool:
    """Return whether a line to print says that a form could not be had."""
    return line.startswith(REFUSED)


def of_campaign(campaign: Campaign, what: Asked, limits: Limits) -> list[str]:
    """Write what is asked for, of the first failure that was found; return lines to print.

    A form that cannot be had is a line that begins with `REFUSED`.
    """
    from raceexplore.report.files import junit

    lines = _xml(what, junit.of_campaign(campaign))
    lines += [line for found in campaign.failures for line in _annotations(found.run, what)]
    if not campaign.failures:
        told = [f"--{form}" for form in what.files]
        return lines + ([f"nothing failed: no file for {', '.join(told)}"] if told else [])
    first = campaign.failures[0]
    return [*lines, *_files(first, what, limits)]


def of_replay(replayed: Replayed, what: Asked, limits: Limits) -> list[str]:
    """Write what is asked for of the one run; return lines to print."""
    from raceexplore.report.files import junit

    run, files = replayed.run, _files(replayed, what, limits)
    return [*_xml(what, [junit.of_run(run)]), *_annotations(run, what), *files]


def _xml(what: Asked, cases: Sequence[Case]) -> list[str]:
    from raceexplore.report.files.junit import junit_xml

    if what.junit is None:
        return []
    try:
        _write(what.junit, junit_xml(cases))
    except BadOption as error:
        return [f"{REFUSED}{error}"]
    return [f"wrote {what.junit}"]


def _annotations(run: Run, what: Asked) -> list[str]:
    from raceexplore.report.files.github import annotation

    there = os.environ.get("GITHUB_ACTIONS") == "true"
    wanted = there if what.github is None else what.github
    line = annotation(run) if wanted else ""
    return [line] if line else []


def _files(known: Found | Replayed, what: Asked, limits: Limits) -> list[str]:
    if not what.files:
        return []
    from raceexplore.report.story.view import view

    shown = view(known.run, limits=limits, known=known)
    lines = []
    for form, file in what.files.items():
        try:
            _write(file, _text(form, shown))
            lines.append(f"wrote {file}")
        except BadOption as error:  # the other files are wanted nevertheless, and so is the verdict
            lines.append(f"{REFUSED}{error}")
    return lines


def _text(form: str, view: View) -> str:
    if form == "html":
        from raceexplore.report.page.html import html_page

        return html_page(view)
    if form == "svg":
        from raceexplore.report.files.svg import happens_before_svg

        return happens_before_svg(view)
    if form == "perfetto":
        from raceexplore.report.files.perfetto import chrome_trace

        return json.dumps(chrome_trace(view)) + "\n"
    why = view.words.value() if view.words else None
    return json.dumps({**view.rows.rows(), "why": why}) + "\n"


def _write(file: Path, text: str) -> None:
    try:
        write_whole(file, text)
    except OSError as error:
        raise BadOption(f"{file} cannot be written: {error.strerror}") from None


def tell_lines(lines: Sequence[str], form: str = "text") -> bool:
    """Print plain lines, beside JSON to standard error; what was refused always goes there.

    Return whether something was refused.
    """
    from rich.text import Text

    from raceexplore.cli.streams import say, tell
    from raceexplore.report.files.github import Command

    refused = [line for line in lines if is_refusal(line)]
    for line in lines:
        if isinstance(line, Command):
            tell(line, data=True)
        elif line not in refused:
            say([Text(line)], sys.stdout if form == "text" else sys.stderr)
    for line in refused:
        status.complain(line)
    return bool(refused)


def written(ended: int) -> int:
    """Return the status, given that standard output may not have taken all that was told."""
    from raceexplore.cli.streams import unwritten

    with suppress(BrokenPipeError):
        sys.stdout.flush()
    if unwritten:
        status.complain(f"standard output could not be written: {unwritten[0]}")
    return status.with_outputs(ended, refused=bool(unwritten))

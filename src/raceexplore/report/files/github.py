"""Failures as annotations of GitHub Actions, shown at the line of the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from raceexplore.report.page.source import shown
from raceexplore.report.story.clean import clean
from raceexplore.report.story.next_steps import keep_command

if TYPE_CHECKING:
    from raceexplore.kernel.outcome import Run


class Command(str):
    """A line that the runner of GitHub Actions is to read as a command of its own."""

    __slots__ = ()


def annotation(run: Run) -> Command:
    """Return the workflow command for the failure of ``run``: a line for standard output.

    It is an error at the failure's place; a run that was cut is a warning; one that passed says
    nothing, an empty text.
    """
    return Command(_annotation(run))


def _annotation(run: Run) -> str:
    if run.outcome == "passed":
        return ""
    failure = run.failure
    if failure is None:
        return f"::warning title={_property(f'{run.program.name}: inconclusive')}::{_data(run.cut)}"
    where = ""
    if failure.site.file:
        where = f"file={_property(shown(failure.site.file))},line={failure.site.line},"
    message = "\n".join((failure.message, "", f"raceexplore replay {run.seed}", keep_command(run)))
    title = f"{failure.kind} in {run.program.name}"
    return f"::error {where}title={_property(title)}::{_data(message.rstrip())}"


def _data(text: str) -> str:
    text = "\n".join(map(clean, text.split("\n")))
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

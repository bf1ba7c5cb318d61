"""The command ``raceexplore cli-score``: what a command-line tool does in parallel."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from raceexplore.cli import status
from raceexplore.cli.arguments import form

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.text import Text

    from raceexplore.search.cli_score.verdict import Score, Symptom

VERSION = 1
LEVELS = """\b
Scores:
  0  parallel calls corrupt or lose each other's changes, and say nothing
  1  there is a lock, and an error that says little
  2  a structured LOCK_HELD error with retry_after_ms; the lock is free again
  3  files are written whole, temporary ones are one's own, waiting has an end
"""
LINES_MAX = 40  # of what led to a finding


@click.command("cli-score", epilog=LEVELS)
@click.argument("path", metavar="[PATH[:NAME]]", required=False)
@click.option("--exec", "executable", metavar="COMMAND",
              help="A real command that changes something: 'tool set k{n} v{n}'.")  # fmt: skip
@click.option("--mutate", metavar="WORDS",
              help="The words by which PATH changes something: 'set k{n} v{n}'.")  # fmt: skip
@click.option("--check", metavar="COMMAND", required=True,
              help="What shows all changes: words for PATH, a command for --exec.")  # fmt: skip
@click.option("--budget", type=click.IntRange(1), default=500, show_default=True, metavar="N",
              help="Schedules of two simulated commands for each question.")  # fmt: skip
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, metavar="N",
              help="How often a real command is asked each question.")  # fmt: skip
@click.option("--patience", type=click.FloatRange(0.1, 3600), default=20.0, show_default=True,
              metavar="S", help="Seconds that a real command may take, or wait.")  # fmt: skip
@click.option("--put", type=click.Path(exists=True, dir_okay=False, path_type=Path), multiple=True,
              metavar="FILE", help="A file that a real command finds in its folder.")  # fmt: skip
@form
def cli_score(*, form: str, **given: Any) -> int:
    """Score a command-line tool from 0 to 3 for what parallel calls do.

    {n} stands for a number, and {session} for a name of one call. A tool is a function of the list
    of its words, in a file, and runs on a simulated machine; or, with --exec, a real command, which
    runs in a folder of its own (HOME and TMPDIR are that folder), is stopped, and is killed.

    Ends with 0 for a 3 that loses nothing, and with 1 for any other score.
    """
    score = _score(given)
    if form == "json":
        from raceexplore.cli.streams import tell

        tell(json.dumps(_value(score)), data=True)
    else:
        from raceexplore.cli.streams import say

        say(_lines(score), sys.stdout)
    return status.FOUND if score.level < 3 or score.flags else status.NOTHING


def _score(given: dict[str, Any]) -> Score:
    """Score what is asked for. Raises `click.UsageError` if that is not one tool."""
    from raceexplore.cli.streams import of_the_program
    from raceexplore.search.cli_score.command import command
    from raceexplore.search.cli_score.executed import Execution
    from raceexplore.search.cli_score.simulated import Simulation
    from raceexplore.search.cli_score.subject import subject
    from raceexplore.search.cli_score.verdict import judge
    from raceexplore.search.programs.silence import Nowhere

    path, executable = given["path"], given["executable"]
    if (path is None) == (executable is None):
        raise click.UsageError("name a tool: PATH[:NAME] of a function, or --exec COMMAND")
    if executable is not None:
        if given["mutate"] is not None:
            raise click.UsageError("--mutate goes with PATH; --exec is the changing command itself")
        copied = given["put"]
        names = {file.name for file in copied}
        real = subject(executable, given["check"], is_real=True, copied=names)
        return judge(Execution(real, given["rounds"], given["patience"], copied).observe())
    if given["mutate"] is None:
        raise click.UsageError("--mutate is missing: the words that change something")
    words = subject(given["mutate"], given["check"])
    with of_the_program(Nowhere()):
        return judge(Simulation(command(path), words, given["budget"]).observe())


def _lines(score: Score) -> Iterator[Text]:
    from rich.text import Text

    from raceexplore.report.story.clean import clean

    good = score.level == 3 and not score.flags
    yield Text(score.sentence, "bold green" if good else "bold red")
    for title, found in ((f"not {score.level + 1}", score.reasons), ("flag", score.flags)):
        for finding in found:
            rate = f" ({finding.rate})" if finding.rate else ""
            yield Text("")
            yield Text(clean(f"{title}: {finding.what}{rate}"), "bold")
            yield from (Text(clean(f"    {line}")) for line in finding.how[:LINES_MAX])
    if score.causes:
        yield Text("")
        yield Text(f"cause: {', '.join(score.causes)}", "yellow")
    yield Text("")
    yield from (Text(line) for line in score.herd)
    yield Text(score.effort, "dim")


def _value(score: Score) -> dict[str, Any]:
    return {
        "version": VERSION,
        "score": score.level,
        "sentence": score.sentence,
        "reasons": [_finding(finding) for finding in score.reasons],
        "flags": [_finding(finding) for finding in score.flags],
        "causes": list(score.causes),
        "herd": list(score.herd),
        "effort": score.effort,
    }


def _finding(finding: Symptom) -> dict[str, Any]:
    value = {"kind": finding.kind, "what": finding.what, "how": list(finding.how)}
    return {**value, "rate": finding.rate or None}

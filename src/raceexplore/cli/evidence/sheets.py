"""How the commands that measure print what they found, and which files they write of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from raceexplore.cli import status
from raceexplore.cli.outputs import tell_lines
from raceexplore.kernel.errors import BadOption
from raceexplore.search.programs.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from raceexplore.report.evidence.sheet import Sheet

F = TypeVar("F", bound="Callable[..., Any]")
ENDS = {"passed": status.NOTHING, "failed": status.FOUND, "inconclusive": status.INCONCLUSIVE}
form = click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]),
                    default="text", show_default=True,
                    help="What to print; markdown is for a pull request.")  # fmt: skip
a_file = click.Path(dir_okay=False, path_type=Path)


def files(command: F) -> F:
    """Give ``command`` --html and --junit, which reach it under these names."""
    html = click.option("--html", type=a_file, metavar="FILE", help="A page; it works offline.")
    junit = click.option("--junit", type=a_file, metavar="FILE", help="JUnit XML.")
    return html(junit(command))


def finish(
    sheet: Sheet,
    value: Callable[[], Any],
    form: str,
    given: Mapping[str, Path | None],
    **texts: str,
) -> int:
    """Print ``sheet`` in ``form``, write the files that are asked for, and return the status.

    value: makes what JSON prints. given: the files by their options. texts: further files' contents
    by the names of their options.
    """
    from raceexplore.cli.streams import tell, width_of
    from raceexplore.report.evidence.writing import case, markdown, page, text_lines
    from raceexplore.report.files.junit import junit_xml

    if form == "json":
        tell(json.dumps(value(), indent=2), data=True)
    elif form == "markdown":
        tell(markdown(sheet), data=True)
    else:
        tell("\n".join(text_lines(sheet, width_of(sys.stdout))))
    texts |= {"html": page(sheet), "junit": junit_xml([case(sheet)])}
    lines = [_written(path, texts[name]) for name, path in given.items() if path is not None]
    refused = tell_lines(lines, form)
    return status.with_outputs(ENDS[sheet.outcome], refused=refused)


def draw(picture: Callable[[int], Sequence[str]]) -> None:
    """Print a picture in letters, if there is what makes it; ``picture`` is given the columns."""
    from raceexplore.cli.streams import tell, width_of

    try:
        tell("\n".join([*picture(width_of(sys.stdout)), ""]))
    except BadOption as error:
        status.note(str(error))


def asked(given: dict[str, Any], *names: str) -> dict[str, Path | None]:
    """Take the files to write out of ``given``: html, junit, and ``names``.

    Raises `BadOption` for a file in a folder that there is not, before anything is run.
    """
    found: dict[str, Path | None] = {name: given.pop(name) for name in ("html", "junit", *names)}
    for file in found.values():
        if file is not None and not file.parent.is_dir():
            raise BadOption(f"{file} cannot be written: there is no folder {file.parent}")
    return found


def _written(path: Path, text: str) -> str:
    try:
        write_whole(path, text)
    except OSError as error:
        return f"not written: {path} cannot be written: {error.strerror}"
    return f"wrote {path}"

"""Small pieces of text: places, lines of source, paragraphs."""

from __future__ import annotations

import linecache
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from raceexplore.kernel.standing.walk import INSTALLED
from raceexplore.report.story.clean import clean

if TYPE_CHECKING:
    from raceexplore.kernel.events.trace import Site


def paragraph(text: str, width: int, style: str = "", *, indent: int = 0) -> list[Text]:
    """Return ``text`` in lines of at most ``width`` columns."""
    wrapped = textwrap.wrap(text, width - indent, subsequent_indent="", break_on_hyphens=False)
    return [Text(" " * indent).append(line, style) for line in wrapped]


def shown_path(file: str) -> str:
    """Return ``file`` relative to the working directory if it is inside it, links followed.

    An installed package's file is told as it is imported: ``httpcore/_async/http11.py``.
    """
    for folder in INSTALLED:
        if f"/{folder}/" in file:
            return file.rpartition(f"/{folder}/")[2]
    path, here = Path(file).resolve(), Path.cwd().resolve()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else file


def source_line(site: Site) -> str:
    """Return the text of the line that ``site`` is, or an empty one."""
    return clean(linecache.getline(site.file, site.line).strip())

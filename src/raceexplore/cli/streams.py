"""The terminal: how wide it is, what lines get there, and what a program may print."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import TYPE_CHECKING, Any, TextIO

from raceexplore.kernel.errors import BadProgram
from raceexplore.search.programs.silence import Following, Nowhere

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.text import Text

WIDEST, NARROWEST, PIPED = 140, 40, 100


def width_of(stream: TextIO) -> int:
    """Return the columns to use: COLUMNS, else the terminal's, else 100; from 40 to 140."""
    told = os.environ.get("COLUMNS", "")
    columns = int(told) if told.isdigit() else 0
    if not columns and stream.isatty():
        columns = os.get_terminal_size(stream.fileno()).columns
    return max(NARROWEST, min(WIDEST, columns or PIPED))


def say(lines: Iterable[Text], stream: TextIO) -> None:
    """Write ``lines``; long commands are not broken, so that they can be copied."""
    from rich.console import Console

    # a program's words may hold letters that the stream's encoding lacks
    if isinstance(stream, type(sys.__stdout__)):
        stream.reconfigure(errors="backslashreplace")
    width = width_of(stream)
    console = Console(file=stream, width=width, highlight=False, markup=False, emoji=False)
    try:
        for line in lines:
            console.print(line, soft_wrap=True)
        stream.flush()
    except (BrokenPipeError, SystemExit):
        # the reader has seen enough, `| head` for one, and rich would exit with 1 for it; but
        # what was found stays what it is
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextmanager
def of_the_program(output: Any) -> Iterator[None]:
    """Send what the program prints to ``output``; it cannot end the command either."""
    heard = output if isinstance(output, Nowhere) else Following(output)
    try:
        with redirect_stdout(heard), redirect_stderr(heard):
            yield
    except SystemExit as error:
        raise BadProgram(
            f"the program called sys.exit({error.code!r}); a program fails by raising an error"
        ) from None

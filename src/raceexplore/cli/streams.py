"""The terminal: how wide it is, what lines get there, and what a program may print."""

from __future__ import annotations

import io
import os
import sys
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from typing import TYPE_CHECKING, Any, TextIO

from raceexplore.kernel.errors import BadProgram
from raceexplore.report.story.clean import clean, harmless
from raceexplore.search.programs.silence import Following, Nowhere

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.text import Text

WIDEST, NARROWEST, PIPED = 140, 40, 100


def width_of(stream: TextIO) -> int:
    """Return the columns to use: COLUMNS, else the terminal's, else 100; from 40 to 140."""
    told = os.environ.get("COLUMNS", "")
    columns = int(told) if told.isdecimal() and len(told) < 6 else 0
    if not columns and stream.isatty():
        with suppress(OSError):
            columns = os.get_terminal_size(stream.fileno()).columns
    return max(NARROWEST, min(WIDEST, columns or PIPED))


def environment() -> dict[str, str]:
    """Return what the library that writes to terminals may know: it takes any text for a size."""
    return {name: text for name, text in os.environ.items() if name not in {"COLUMNS", "LINES"}}


def say(lines: Iterable[Text], stream: TextIO) -> None:
    """Write ``lines``; long commands are not broken, so that they can be copied."""
    from rich.console import Console

    # a program's words may hold letters that the stream's encoding lacks
    if isinstance(stream, type(sys.__stdout__)):
        stream.reconfigure(errors="backslashreplace")
    width = width_of(stream)
    console = Console(
        file=stream, width=width, highlight=False, markup=False, emoji=False, _environ=environment()
    )
    try:
        for line in lines:
            console.print(_harmless(line), soft_wrap=True)
        stream.flush()
    except (BrokenPipeError, SystemExit):
        # the reader has seen enough, `| head` for one, and rich would exit with 1 for it; but
        # what was found stays what it is
        _forget(stream)
    except OSError as error:
        unwritten.append(str(error.strerror))
        _forget(stream)


def _harmless(line: Text) -> Text:
    safe = harmless(line.plain)
    if safe == line.plain:
        return line
    from rich.text import Text as Plain

    return Plain(safe, line.style)


def tell(text: str, *, data: bool = False) -> None:
    """Write the lines of ``text`` to standard output, plainly.

    data: it is JSON, or a command of ours for the runner of CI, and must stay as it is.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        for line in text.removesuffix("\n").split("\n"):
            sys.stdout.write((clean(line) if data else harmless(line)) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _forget(sys.stdout)
    except OSError as error:
        unwritten.append(str(error.strerror))
        _forget(sys.stdout)


def _forget(stream: TextIO) -> None:
    """Let whatever else is written to ``stream`` go nowhere, what it still holds included."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def open_all() -> None:
    """Open the standard streams that whoever started us has closed, onto nothing.

    A file that is opened later would take the place of a closed one, and get what is printed.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
        if getattr(sys, name) is None:
            stream = os.fdopen(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False)
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)


unwritten: list[str] = []  # why standard output did not take what was told


@contextmanager
def of_the_program(output: Any) -> Iterator[None]:
    """Send what the program prints to ``output``; it cannot end the command either."""
    heard = output if isinstance(output, Nowhere) else Following(output)
    before, sys.stdin = sys.stdin, io.StringIO()  # nobody is there to answer a thousand times
    try:
        with redirect_stdout(heard), redirect_stderr(heard):
            yield
    except SystemExit as error:
        raise BadProgram(
            f"the program called sys.exit({error.code!r}); a program fails by raising an error"
        ) from None
    finally:
        sys.stdin = before

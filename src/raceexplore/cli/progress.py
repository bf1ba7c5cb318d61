"""What a command is doing, on a terminal and nowhere else: a campaign's progress bar, a word."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator

EVERY_S = 0.1


def is_silent(stream: TextIO) -> bool:
    """Return whether ``stream`` is no terminal, or a dumb one, or CI is set."""
    dumb = os.environ.get("TERM", "") in ("", "dumb") or os.environ.get("CI")
    return bool(dumb) or not stream.isatty()


@contextmanager
def doing(stream: TextIO, text: str) -> Iterator[None]:
    """Show ``text`` on a terminal while the block runs, and leave no trace of it."""
    if is_silent(stream):
        yield
        return
    stream.write(text)
    stream.flush()
    try:
        yield
    finally:
        stream.write("\r\x1b[2K")
        stream.flush()


@contextmanager
def progress_bar(stream: TextIO, budget: int) -> Iterator[Ticker | None]:
    """Yield what to call after each run with the runs done and the failures; None for silence."""
    if is_silent(stream):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    from raceexplore.cli.streams import environment

    columns = (
        BarColumn(bar_width=30),
        TextColumn("{task.completed:,}/{task.total:,} runs"),
        TextColumn("{task.description}"),
    )
    # no thread of rich's own: it would read the clock that is virtual during a run
    bar = Progress(
        *columns,
        console=Console(file=stream, _environ=environment()),
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    with bar:
        yield Ticker(bar, budget)


class Ticker:
    """Called after each run; draws ten times a second at most."""

    def __init__(self, bar: Any, budget: int) -> None:
        self.bar, self.budget = bar, budget
        self.task = bar.add_task("", total=budget)
        self.failures = 0
        self.clock = time.perf_counter
        self.began = self.drawn = self.clock()

    def __call__(self, runs: int, failures: int) -> None:
        """Show how far the campaign is; of a new failure `found` has told already."""
        now = self.clock()
        if now - self.drawn < EVERY_S or failures > self.failures:
            self.failures = failures
            return
        self.drawn = now
        rate = runs / (now - self.began)
        left = timedelta(seconds=round((self.budget - runs) / rate))
        self._draw(f"{rate:,.0f}/s  {failures} found  {left} left", runs)

    def found(self) -> None:
        """Show that a failure has been found: unless the campaign goes on, it is shrunk now."""
        self._draw("found a failure; shrinking it", None)

    def _draw(self, text: str, runs: int | None) -> None:
        self.bar.update(self.task, completed=runs, description=text)
        self.bar.refresh()

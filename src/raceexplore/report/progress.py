"""The progress bar of a campaign, on a terminal and nowhere else."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EVERY_S = 0.1


@contextmanager
def progress_bar(stream: TextIO, budget: int) -> Iterator[Callable[[int, int], None] | None]:
    """Yield what to call after each run with the runs done and the failures; None for silence.

    Silent where ``stream`` is no terminal, a dumb one, or where CI is set.
    """
    dumb = os.environ.get("TERM", "") in ("", "dumb") or os.environ.get("CI")
    if dumb or not stream.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        BarColumn(bar_width=30),
        TextColumn("{task.completed:,}/{task.total:,} runs"),
        TextColumn("{task.fields[rate]:,.0f}/s"),
        TextColumn("{task.fields[failures]} found"),
        TimeRemainingColumn(compact=True),
        TextColumn("left"),
    )
    # no thread of rich's own: it would read the clock that is virtual during a run
    bar = Progress(
        *columns,
        console=Console(file=stream),
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    with bar:
        yield _Ticker(bar, budget)


class _Ticker:
    """Called after each run; draws ten times a second at most."""

    def __init__(self, bar: Any, budget: int) -> None:
        self.bar = bar
        self.task = bar.add_task("", total=budget, rate=0.0, failures=0)
        self.clock = time.perf_counter
        self.began = self.drawn = self.clock()

    def __call__(self, runs: int, failures: int) -> None:
        now = self.clock()
        if now - self.drawn < EVERY_S:
            return
        self.drawn = now
        rate = runs / (now - self.began)
        self.bar.update(self.task, completed=runs, failures=failures, rate=rate)
        self.bar.refresh()

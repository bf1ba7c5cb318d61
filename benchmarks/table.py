"""What the benchmarks of single runs ask on the command line, and the table that they print."""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import trio


def asked(about: str | None, rounds: int, arguments: list[str] | None = None) -> argparse.Namespace:
    """Return rounds, scheduler, only and json as given on the command line.

    about: the benchmark's docstring, whose first line is its help. rounds: the default.
    """
    parser = argparse.ArgumentParser(description=about.splitlines()[0] if about else "")
    parser.add_argument("--rounds", type=int, default=rounds, help="samples of each column")
    parser.add_argument("--scheduler", default="random")
    parser.add_argument("--only", default="", help="only the programs whose name holds this")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(arguments)


def tell(rows: list[dict[str, Any]], show: Callable[[], None], *, as_json: bool) -> None:
    """Print ``rows`` as JSON with the versions that matter, or ``show`` the table."""
    if as_json:
        versions = {"python": platform.python_version(), "trio": trio.__version__}
        print(json.dumps({**versions, "rows": rows}))
    else:
        show()


def table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print ``rows`` of text under ``heads``, the first column to the left."""
    from rich.console import Console
    from rich.table import Table

    drawn = Table(title=title)
    for index, head in enumerate(heads):
        drawn.add_column(head, justify="right" if index else "left", no_wrap=True)
    for row in rows:
        drawn.add_row(*row)
    Console(width=100).print(drawn)


def microseconds() -> str:
    """Return the title of a table of microseconds."""
    return f"Python {platform.python_version()}, trio {trio.__version__}; microseconds a run"

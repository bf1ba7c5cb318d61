"""What `prove` says of two tasks on each part of trio's and anyio's interface, as a table.

``python tests/support/api_table.py`` writes it into docs/schedulers.md.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import api_programs
from raceexplore import Limits, Settings, by_name, run_once
from raceexplore.kernel.fence.guard import guarded
from raceexplore.kernel.program import Program
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.search.programs.load import load_program
from sweeps import outcome

RUNS_MAX = 5_000
DOCUMENT = Path(__file__).parents[2] / "docs" / "schedulers.md"
BEGIN, END = "<!-- interface: begin -->\n", "<!-- interface: end -->\n"


class Row(NamedTuple):
    """What was found of one program.

    schedules: of `dfs`. outcomes: that these show. runs: of `dpor` within `prove`. missing:
    outcomes that `prove` did not show. repeated: executions that `dpor` made twice. relative: to
    what the claim is. packages: what was observed beside the program.
    """

    library: str
    name: str
    schedules: int
    outcomes: int
    runs: int
    missing: int
    repeated: int
    relative: tuple[str, ...]
    runtime: str = ""

    @property
    def word(self) -> str:
        """``exact``, ``relative`` or ``false``."""
        return "relative" if self.relative else "false" if self.missing else "exact"


def row(library: str, name: str, source: str, folder: Path, runtime: str = "trio") -> Row:
    """Return what `dfs` and `prove` show of one program; `folder` is where it is written."""
    path = folder / f"{library}_{''.join(c if c.isalnum() else '_' for c in name)}_program.py"
    path.write_text(source)
    with guarded():
        program = replace(load_program(str(path)), runtime=runtime)
        schedules, every = _every(program)
        shown, made, relative = _proved(program)
    return Row(
        library,
        name,
        schedules,
        len(every),
        made.total(),
        len(every - shown),
        sum(count - 1 for count in made.values()),
        relative,
        runtime,
    )


def rows(library: str, folder: Path) -> Iterator[Row]:
    """Yield what is found of each program for ``library``; anyio's on both runtimes."""
    for name, source in api_programs.programs(library).items():
        yield row(library, name, source, folder)
        if library != "trio":
            yield row(library, name, source, folder, "asyncio")


def _every(program: Program) -> tuple[int, set[object]]:
    scheduler, found, runs = by_name("dfs"), set[object](), 0
    while scheduler.begin():
        run = run_once(program, scheduler, record=True)
        scheduler.end(run)
        found.add(outcome(run))
        runs += 1
        assert runs < RUNS_MAX, program.name
    return runs, found


def _proved(program: Program) -> tuple[set[object], Counter[object], tuple[str, ...]]:
    """Return the outcomes, the executions that are not the check's, and what it is relative to."""
    scheduler: Any = by_name("prove")
    shown, made = set[object](), Counter[object]()
    while scheduler.begin():
        run = observed_run(program, scheduler, limits=Limits(), settings=Settings())
        scheduler.end(run)
        shown.add(outcome(run))
        if not scheduler._is_over:
            made[tuple((event.task, event.nth, event.end.line) for event in run.events)] += 1
        assert made.total() < RUNS_MAX, program.name
    return shown, made, (*scheduler.relative, *([scheduler.doubt] if scheduler.doubt else []))


def table(found: list[Row]) -> str:
    """Return the rows as a table in Markdown."""
    lines = [
        "| two tasks use | schedules | outcomes | runs of `dpor` | claim |",
        "|---|---:|---:|---:|---|",
    ]
    for one in found:
        on = f", on {one.runtime}" if one.library != one.runtime else ""
        what = f"`{one.library}.{one.name}`{on}"
        numbers = f"{one.schedules:,} | {one.outcomes} | {one.runs:,}"
        lines.append(f"| {what} | {numbers} | {_claim(one)} |")
    return "\n".join(lines) + "\n"


def _claim(one: Row) -> str:
    """Return the verdict, and what it is relative to: where in the program does not matter."""
    reason = re.sub(r" at \w+\.py:\d+", "", one.relative[0]) if one.relative else ""
    return f"{one.word}: {reason}" if reason else one.word


def main() -> None:
    """Write the table into the document."""
    with tempfile.TemporaryDirectory() as folder:
        found = [one for library in ("trio", "anyio") for one in rows(library, Path(folder))]
    before, rest = DOCUMENT.read_text().split(BEGIN)
    DOCUMENT.write_text(f"{before}{BEGIN}{table(found)}{END}{rest.split(END)[1]}")
    bad = [one for one in found if one.word == "false" or one.repeated]
    sys.stdout.write(f"{len(found)} programs, {len(bad)} wrong: {bad}\n")


if __name__ == "__main__":
    main()

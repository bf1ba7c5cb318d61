"""Small programs that try to get a false proof: what all schedules show, against what `dpor` shows.

Each attack of attacks/*.txt has four parts between lines of dashes: code of the module, what the
tasks share, the tasks, and what is compared at the end beside OUT, which holds what they saw. It is
run in two forms: with what they share as globals of the module, and as variables of `main`.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from raceexplore import Limits, Program, Settings, by_name, run_once
from raceexplore.kernel.errors import RaceExploreError
from raceexplore.search.observed.observed_run import observed_run
from sweeps import outcome

FOLDER = Path(__file__).parent / "attacks"
RUNS_MAX = 400

HEAD = """\
import trio, trio.testing
POINT = trio.lowlevel.checkpoint
OUT = {}
"""
END = """\
    async with trio.open_nursery() as nursery:
        for task in (%s,):
            nursery.start_soon(task)
    seen = repr([(k, OUT.get(k)) for k in sorted(OUT)])
    world.event("end", seen=seen, end=repr((lambda: (%s))()))
"""


class Attack(NamedTuple):
    """One attack. form: ``globals`` or ``closure``."""

    name: str
    form: str
    source: str


class Verdict(NamedTuple):
    """What became of it.

    missing: outcomes that `dpor`, which says nothing of opaque events, did not show. reasons: of
    the opaque events, each once. error: the message of what ended a search before its end.
    """

    missing: tuple[object, ...]
    reasons: tuple[str, ...]
    error: str = ""

    @property
    def word(self) -> str:
        """``exact``, ``relative``, ``refused`` or ``false``."""
        if self.error:
            return "refused"
        if self.reasons:
            return "relative"
        return "false" if self.missing else "exact"


def attacks(folder: Path = FOLDER) -> Iterator[Attack]:
    """Yield all attacks of a folder, each in both forms."""
    for path in sorted(folder.glob("*.txt")):
        parts = re.split(r"^### (\w+)\n", path.read_text(), flags=re.MULTILINE)[1:]
        for name, body in zip(parts[::2], parts[1::2], strict=True):
            sections = re.split(r"^---\n", body, flags=re.MULTILINE)
            module, shared, tasks, end = [*sections, ""][:4]
            names = _assigned(shared)
            yield Attack(name, "globals", _as_globals(module, shared, tasks, end.strip(), names))
            yield Attack(name, "closure", _as_closure(module, shared, tasks, end.strip()))


def _assigned(code: str) -> list[str]:
    tree = ast.parse(code)
    found = [
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    defined = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ]
    return sorted({*found, *defined})


def _task_names(code: str) -> str:
    defined = [node for node in ast.parse(code).body if isinstance(node, ast.AsyncFunctionDef)]
    return ", ".join(node.name for node in defined)


def _as_globals(module: str, shared: str, tasks: str, end: str, names: list[str]) -> str:
    declared = f"    global {', '.join(names)}\n" if names else ""
    return (
        f"{HEAD}{module}\n{tasks.replace('SHARE', 'global')}\n"
        f"async def main(world):\n{declared}    OUT.clear()\n{textwrap.indent(shared, '    ')}"
        + END
        % (_task_names(tasks), end or "None")
    )


def _as_closure(module: str, shared: str, tasks: str, end: str) -> str:
    inner = textwrap.indent(shared + tasks.replace("SHARE", "nonlocal"), "    ")
    return f"{HEAD}{module}\nasync def main(world):\n    OUT = {{}}\n{inner}" + END % (
        _task_names(tasks),
        end or "None",
    )


def attacked(program: Program) -> Verdict:
    """Return what `dpor` missed of all that `dfs` shows, and what it says that it has not seen."""
    reasons: dict[str, None] = {}
    shown: set[object] = set()
    try:
        every = _all_outcomes(program)
        scheduler = by_name("dpor")
        runs = 0
        while scheduler.begin() and runs < RUNS_MAX:
            run = observed_run(program, scheduler, limits=Limits(), settings=Settings())
            scheduler.end(run)
            runs += 1
            shown.add(outcome(run))
            reasons |= dict.fromkeys(str(event.opaque) for event in run.events if event.opaque)
            if any(event.choices for event in run.events):
                reasons["draws, each of which was neutral"] = None  # so says a certificate, too
    except RaceExploreError as error:
        return Verdict((), tuple(reasons), f"{type(error).__name__}: {error}")
    return Verdict(tuple(sorted(map(str, every - shown))), tuple(reasons))


def _all_outcomes(program: Program) -> set[object]:
    scheduler, found, runs = by_name("dfs"), set[object](), 0
    while scheduler.begin() and runs < RUNS_MAX:
        run = run_once(program, scheduler, record=True)
        scheduler.end(run)
        found.add(outcome(run))
        runs += 1
    return found

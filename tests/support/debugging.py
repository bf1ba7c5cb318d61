"""The debugger in a process of its own, as a user has it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from raceexplore.cli import call

Debugger = Callable[..., "Ended"]
ONE_SWITCH = ("--scheduler", "dfs:preemptions=1")  # finds the same failure for ever


class Ended(NamedTuple):
    status: int
    answers: list[str]  # what was printed before the first prompt, after the first command, ...
    err: str

    @property
    def said(self) -> str:
        return "\n".join(self.answers)


def environment(folder: Path) -> dict[str, str]:
    source = str(Path(__file__).resolve().parents[2] / "src")
    # no .pdbrc of the person who runs the tests
    return os.environ | {
        "PYTHONPATH": source,
        "HOME": str(folder),
        "TERM": "dumb",
        "COLUMNS": "100",
    }


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "raceexplore", *arguments]


def failure_of(folder: Path, program: str) -> str:
    """Write ``program`` and find its failure; return the path of the corpus file."""
    (folder / "bank.py").write_text(program.lstrip("\n"), encoding="utf-8")
    assert call(["run", "bank.py", *ONE_SWITCH]) == 1
    (found,) = (folder / "corpus").glob("*.json")
    return str(found.relative_to(folder))

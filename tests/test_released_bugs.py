"""Bugs in released libraries: found with default settings in the release that has them, and in none
of those that are mended. Each release goes into an environment of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from statistics import median
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = ROOT / "tests/support/released"
OURS = "click", "filelock", "msgpack", "networkx", "rich"  # what we need besides trio
ENTROPIES, BUDGET, MENDED = 20, 1_000, 2_000

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("released")]


class Bug(NamedTuple):
    """A program, the releases with the bug and without it, and the package to look into."""

    program: str
    broken: tuple[str, ...]
    mended: tuple[str, ...]
    package: str
    says: str


BUGS = [
    Bug(
        "lost_message",
        ("anyio==4.3.0", "trio==0.25.0"),
        ("anyio==4.4.0", "trio==0.25.0"),
        "anyio",
        "only ['second'] arrived",
    ),
    Bug(
        "pool_closed",
        ("httpcore==0.17.0", "trio==0.22.2", "anyio<4"),
        ("httpcore==0.17.1", "trio==0.22.2", "anyio<4"),
        "httpcore",
        "the pool stumbled: ValueError('list.remove(x): x not in list')",
    ),
    Bug(
        "pool_abandoned",
        ("httpcore==1.0.9", "trio==0.31.0", "h2"),
        ("httpcore2==2.6.0", "trio==0.31.0"),
        "httpcore",
        "1 connection in use, and nobody uses it",
    ),
    Bug(
        "settings_lowered",
        ("httpcore==1.0.9", "trio==0.31.0", "h2"),
        ("httpcore2==2.14.0", "trio==0.31.0", "h2"),
        "httpcore",
        "deadlock: 3 tasks wait for ever",
    ),
]
each = pytest.mark.parametrize("bug", BUGS, ids=[bug.program for bug in BUGS])


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory):
    @cache
    def made(pins: tuple[str, ...]) -> Path:
        folder = tmp_path_factory.mktemp("release")
        run([sys.executable, "-m", "venv", folder])
        found = folder / "bin" / "python"
        run([found, "-m", "pip", "install", "--quiet", *pins, *OURS])
        return found

    return made


def run(command: list[object], *, ends: int = 0) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == ends, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def rx(python: Path, *arguments: object, ends: int) -> str:
    return run([python, "-m", "raceexplore", *arguments], ends=ends)


def path(bug: Bug) -> Path:
    return PROGRAMS / f"{bug.program}.py"


@each
@pytest.mark.parametrize("scheduler", ["portfolio", "random"])
def test_it_is_found_within_a_thousand_schedules(bug, scheduler, python, record_property) -> None:
    told = run(
        [python(bug.broken), PROGRAMS / "needed.py", path(bug), scheduler, BUDGET, ENTROPIES]
    )
    needed = json.loads(told)
    record_property(
        "printed",
        f"{bug.program}, {scheduler}: median {median(needed):g} schedules, at most {max(needed)}",
    )
    assert None not in needed


@each
def test_the_report_says_what_is_wrong(bug: Bug, python, tmp_path: Path) -> None:
    told = rx(python(bug.broken), "run", path(bug), "--corpus", tmp_path, ends=1)
    assert bug.says in " ".join(told.split())


@each
def test_the_library_can_be_looked_into(bug: Bug, python, tmp_path: Path) -> None:
    told = rx(
        python(bug.broken), "run", path(bug), "--observe", bug.package, "--corpus", tmp_path, ends=1
    )
    assert bug.says in " ".join(told.split())
    assert re.search(r"orderings? (together )?decides? it", told)  # the orders that suffice
    assert f"--observe {bug.package}:" not in told  # there is nothing left to advise


@each
def test_the_mended_release_passes(bug: Bug, python, tmp_path: Path) -> None:
    rx(python(bug.mended), "run", path(bug), "--budget", MENDED, "--corpus", tmp_path, ends=0)


def test_the_mended_stream_is_proved(python, tmp_path: Path) -> None:
    bug = BUGS[0]
    told = rx(python(bug.mended), "prove", path(bug), "--corpus", tmp_path, ends=0)
    assert "all 52 trace classes explored" in told

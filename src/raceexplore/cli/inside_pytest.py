"""Run a command on a pytest test: again, inside of pytest, while the test's fixtures stand."""

from __future__ import annotations

import importlib.util
import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raceexplore.cli.status import complain
from raceexplore.kernel.choice import Schedule
from raceexplore.kernel.errors import BadProgram
from raceexplore.kernel.program import Limits, Settings
from raceexplore.search.campaign.in_sight import in_sight
from raceexplore.search.programs.standing_tests import standing, visited

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from raceexplore.kernel.program import Program

ROOT_MARKS = ("pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg", ".git")


class _Look:
    """What pytest found, and what went wrong before the test itself."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.problems: list[str] = []

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Note the tests; more than one is none that is meant."""
        self.names = [item.nodeid for item in items]
        if len(items) > 1:
            items.clear()

    def pytest_collectreport(self, report: Any) -> None:
        """Note why a file could not be collected."""
        if report.failed:
            self.problems.append(_last_line(report.longreprtext))

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Note why a fixture could not be made."""
        if report.failed:
            self.problems.append(_last_line(report.longreprtext))


def again(node_id: str, command: Callable[[], int]) -> int:
    """Let pytest make the fixtures of the test ``node_id``; do ``command`` then, return its status.

    Raises `BadProgram` if there is no such test, or it cannot be had.
    """
    if importlib.util.find_spec("pytest") is None:
        raise BadProgram(f"{node_id} is a test, and pytest is not installed")
    import pytest

    place = _located(node_id)
    output, done, look = io.StringIO(), list[int](), _Look()
    streams = sys.stdout, sys.stderr

    def visit(program: Program) -> None:
        def observing(packages: Sequence[str]) -> Program:
            how = {"settings": Settings(), "limits": Limits()}
            return in_sight(program, Schedule(), packages=packages, **how)  # type: ignore[arg-type]

        shown = redirect_stdout(streams[0]), redirect_stderr(streams[1])
        with shown[0], shown[1], standing(observing, program.name, node_id):
            done.append(command())

    options = ["-q", "--capture=no", "--no-header"]
    options += ["-n0"] if importlib.util.find_spec("xdist") is not None else []
    with visited(visit), redirect_stdout(output), redirect_stderr(output):
        pytest.main([*options, place], plugins=[look])
    if done:
        return done[0]
    raise BadProgram(_why_not(node_id, look, output.getvalue()))


def told(node_id: str, command: Callable[[], int]) -> int:
    """Do as `again`; tell what it raises, and return the status of that."""
    try:
        return again(node_id, command)
    except BadProgram as error:
        complain(str(error))
        return error.exit_status


def _why_not(node_id: str, look: _Look, output: str) -> str:
    if len(look.names) > 1:
        names = ", ".join(look.names[:6])
        return f"{node_id} are {len(look.names)} tests; name one: {names}"
    if look.problems:
        return f"{node_id} cannot be run: {look.problems[0]}"
    if look.names:
        return (
            f"{node_id} explores nothing: it is no async test, and calls no race.explore(...); or"
            " the plugin of raceexplore is switched off"
        )
    return f"{node_id} is no test that pytest finds: {_last_line(output)}"


def _last_line(text: str) -> str:
    lines = [line.removeprefix("E   ").strip() for line in text.splitlines() if line.strip()]
    told = [line for line in lines if line.startswith(("ERROR", "E ")) or "Error" in line]
    return (told or lines or ["it says nothing"])[-1]


def _located(node_id: str) -> str:
    """Return ``node_id`` with the path of its file: from here, or from the root of the project."""
    file, _, test = node_id.partition("::")
    if Path(file).exists():
        return node_id
    for folder in Path.cwd().resolve().parents:
        if (folder / file).exists() and not Path(file).is_absolute():
            return f"{folder / file}::{test}"
        if any((folder / mark).exists() for mark in ROOT_MARKS):
            break
    raise BadProgram(f"{file} does not exist")

"""The options --race-* and the ini keys race_*, and what they ask of a test."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.errors import BadOption
from raceexplore.kernel.fence.hostile import repr_of
from raceexplore.pytest_plugin.settings import ARGUMENTS, BUDGET, settled
from raceexplore.search.programs.pyproject import project_settings

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import pytest

# name: (type, metavar, help): command line options, ini keys and, less the last, arguments
OPTIONS: dict[str, tuple[type, str, str]] = {
    "budget": (int, "N", f"Schedules to explore per test (default {BUDGET:,})."),
    "entropy": (int, "N", "The number every random draw follows (default 0)."),
    "scheduler": (str, "NAME", "What chooses, for example pct:depth=3."),
    "time": (str, "strict|elastic", "May a deadline fire while tasks can run?"),
    "order": (str, "any|passes", "Which orders: any, or those of the runtime's own loop."),
    "runtime": (str, "trio|asyncio", "The runtime; that of the test's imports unless told."),
    "cancel": (
        str,
        "NAMES",
        "Who may be cancelled at any await: names, as get*; * is all.",
    ),
    "allow": (str, "KIND,...", "Kinds of failures that are none, as 'tasks left'."),
    "jobs": (str, "N|auto", "Processes that share the runs of a test (default 1)."),
    "observe": (str, "PACKAGE,...", "Installed packages to look into when a test fails, or none."),
    "corpus": (str, "DIR", "Where failures are kept, and replayed from first (default corpus)."),
}

SERVERS = (("postgres", "DSN", "PostgreSQL"), ("redis", "URL", "Redis"))
ALL = "Explore every async test, whichever plugin it is written for."
NEEDS_CHOICES = "Fail tests in which there is nothing to explore."


def add_options(parser: pytest.Parser) -> None:
    """Add the options and the ini keys."""
    group = parser.getgroup("raceexplore", "raceexplore: schedules of async programs")
    group.addoption("--race", action="store_true", dest="race_all", help=ALL)
    for name, (kind, metavar, text) in OPTIONS.items():
        group.addoption(f"--race-{name}", type=kind, default=None, metavar=metavar, help=text)
        parser.addini(f"race_{name}", text, default="")
    group.addoption(
        "--race-no-corpus", action="store_true", help="Neither keep nor replay failures."
    )
    parser.addini("race_no_corpus", "Neither keep nor replay failures.", "bool", default=False)
    group.addoption("--race-needs-choices", action="store_true", help=NEEDS_CHOICES)
    parser.addini("race_needs_choices", NEEDS_CHOICES, "bool", default=False)
    group.addoption("--race-replay", metavar="SEED", help="Run one test on the schedule of SEED.")
    for name, metavar, what in SERVERS:
        text = f"A real {what} in place of the simulated ones, in databases of our own."
        group.addoption(f"--race-{name}", default="", metavar=metavar, help=text)


def servers_in_use(config: pytest.Config) -> AbstractContextManager[object] | None:
    """Return the block in which the real servers of the command line are used; None: no such."""
    asked = {name: config.getoption(f"race_{name}") for name, _, _ in SERVERS}
    if not any(asked.values()):
        return None
    from raceexplore.sim.real import servers

    return servers(**asked)


def asked_for(config: pytest.Config, own: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments for `explore`: the command line's, else ``own``, else the project's.

    own: what the test says itself. The project's are its ini keys, else its ``[tool.raceexplore]``.
    """
    names = [name for name in OPTIONS if name in ARGUMENTS]
    line = {name: config.getoption(f"race_{name}") for name in names}
    project = project_settings(config.rootpath)
    ini = {name: config.getini(f"race_{name}") or project.get(name) for name in names}
    return settled(line, own, ini)


def needs_choices(config: pytest.Config, own: dict[str, Any]) -> bool:
    """Return whether a test with nothing to explore fails; takes the word out of ``own``."""
    asked: bool = own.pop("needs_choices", False)
    if not isinstance(asked, bool):
        raise BadOption(f"needs_choices is True or False, not {repr_of(asked)[:80]}")
    wanted = config.getoption("race_needs_choices") or config.getini("race_needs_choices")
    return asked or bool(wanted)


def corpus_folder(config: pytest.Config) -> Path | None:
    """Return the folder of the corpus; None if there is to be none."""
    if config.getoption("race_no_corpus") or config.getini("race_no_corpus"):
        return None
    asked: str = config.getoption("race_corpus") or config.getini("race_corpus")
    if asked:
        return config.rootpath / asked
    named = project_settings(config.rootpath).get("corpus")
    return Path(named).absolute() if named else config.rootpath / "corpus"

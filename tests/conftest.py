"""What several folders of tests use."""

from __future__ import annotations

import decimal
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest

import raceexplore
from command import Ended, Rx
from raceexplore.cli import call
from real_postgres import dsn_of_a_server
from servers import redis_server

# A pytest that runs inside a test takes out afterwards what was imported meanwhile; what it took
# out would be there twice later on, and an instance of the one class is none of the other.
for found in walk_packages(raceexplore.__path__, "raceexplore."):
    if not found.name.endswith("__main__") and not found.name.startswith("raceexplore.models."):
        import_module(found.name)


@pytest.fixture(autouse=True)
def no_module_outlives_its_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Forget what a test imported from a folder of its own: the next one may use the name."""
    before, made = set(sys.modules), str(tmp_path_factory.getbasetemp())
    yield
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(made):
            del sys.modules[name]


@pytest.fixture(autouse=True)
def arithmetic_is_nobodys() -> None:
    """Compute with as many digits as ever: a program that a test has run may have set others."""
    decimal.setcontext(decimal.Context())


@pytest.fixture
def rx(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Rx:
    """Run the command in an empty folder that holds the programs given by name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "path", list(sys.path))  # programs may import from their folder

    def run(*arguments: str, **programs: str) -> Ended:
        for name, text in programs.items():
            (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
        capsys.readouterr()
        status = call(arguments)
        return Ended(status, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def postgres_dsn() -> Iterator[str]:
    """Start a real PostgreSQL, once for all tests of this process that want it."""
    with dsn_of_a_server() as dsn:
        yield dsn


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a real Redis, once for all tests of this process that want it."""
    with redis_server(tmp_path_factory.mktemp("redis")) as port:
        yield f"redis://127.0.0.1:{port}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests have measured: their properties called ``printed``."""
    reports = [r for kind in ("passed", "failed") for r in terminalreporter.stats.get(kind, [])]
    lines = [text for r in reports for name, text in r.user_properties if name == "printed"]
    if lines:
        terminalreporter.section("measured")
        for line in lines:
            terminalreporter.write_line(line)

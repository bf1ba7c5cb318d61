"""Each part of trio's and anyio's interface, in two tasks: all schedules against `prove`."""

from __future__ import annotations

from pathlib import Path

import pytest

import api_programs
import api_table

CASES = [
    pytest.param(library, name, (), id=f"{library}-{name}")
    for library in ("trio", "anyio")
    for name in api_programs.programs(library)
]
OBSERVED = [
    pytest.param("anyio", name, ("anyio",), id=f"observed-{name}")
    for name in api_programs.programs("anyio")
]
# the streams of some programs are left open, of which anyio warns
pytestmark = pytest.mark.filterwarnings("ignore", "ignore::pytest.PytestUnraisableExceptionWarning")

FAST = CASES[::5] + OBSERVED[::6]


def check(library: str, name: str, packages: tuple[str, ...], folder: Path) -> None:
    source = api_programs.programs(library)[name]
    found = api_table.row(library, name, source, folder, packages)
    assert found.word in {"exact", "relative"}, found
    assert found.repeated == 0


@pytest.mark.parametrize(("library", "name", "packages"), FAST)
def test_prove_shows_what_all_schedules_show_or_is_relative(
    library: str, name: str, packages: tuple[str, ...], tmp_path: Path
) -> None:
    check(library, name, packages, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(("library", "name", "packages"), CASES + OBSERVED)
def test_prove_shows_what_all_schedules_show_or_is_relative_everywhere(
    library: str, name: str, packages: tuple[str, ...], tmp_path: Path
) -> None:
    check(library, name, packages, tmp_path)


def test_the_interface_is_covered() -> None:
    assert len(api_programs.programs("trio")) >= 40
    assert len(api_programs.programs("anyio")) >= 20

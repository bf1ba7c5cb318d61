"""Each part of trio's and anyio's interface, in two tasks: all schedules against `prove`."""

from __future__ import annotations

from pathlib import Path

import pytest

import api_programs
import api_table

CASES = [
    pytest.param(library, name, runtime, id=f"{library}-{name}-{runtime}")
    for library, runtime in (("trio", "trio"), ("anyio", "trio"), ("anyio", "asyncio"))
    for name in api_programs.programs(library)
]
RELATIVE = {"to_thread.run_sync"}  # under trio: a thread's job is called by code of trio's
# the streams of some programs are left open, of which anyio warns
pytestmark = pytest.mark.filterwarnings("ignore", "ignore::pytest.PytestUnraisableExceptionWarning")

FAST = CASES[::6]


def check(library: str, name: str, runtime: str, folder: Path) -> None:
    source = api_programs.programs(library)[name]
    found = api_table.row(library, name, source, folder, runtime)
    assert found.word in {"exact", "relative"}, found
    assert found.repeated == 0
    if library == "anyio" and not (runtime == "trio" and name in RELATIVE):
        assert found.word == "exact", found


@pytest.mark.parametrize(("library", "name", "runtime"), FAST)
def test_prove_shows_what_all_schedules_show_or_is_relative(
    library: str, name: str, runtime: str, tmp_path: Path
) -> None:
    check(library, name, runtime, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(("library", "name", "runtime"), CASES)
def test_prove_shows_what_all_schedules_show_or_is_relative_everywhere(
    library: str, name: str, runtime: str, tmp_path: Path
) -> None:
    check(library, name, runtime, tmp_path)


def test_the_interface_is_covered() -> None:
    assert len(api_programs.programs("trio")) >= 40
    assert len(api_programs.programs("anyio")) >= 20

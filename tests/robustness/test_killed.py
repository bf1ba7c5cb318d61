"""kill -9 before every file operation: each file is whole or absent, and nothing kept is lost."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from random import Random

import pytest

from forked_command import forked
from killed import killed_after, kills, looks

FAILS = """
import trio

async def main():
    await trio.sleep(0)
    raise ValueError("always")
"""
OUTPUTS = ("--html", "r.html", "--svg", "r.svg", "--json", "r.json", "--junit", "r.xml")


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a program that fails, and all that a run of it has written."""
    made = tmp_path_factory.mktemp("killed") / "origin"
    made.mkdir()
    (made / "fails.py").write_text(FAILS, encoding="utf-8")
    assert forked(made, "run", "fails.py", *OUTPUTS).status == 1
    return made


def prepared(origin: Path, folder: Path, command: str) -> tuple[Path, list[str]]:
    """Return a folder in which ``command`` is to be done, and its words."""
    folder = folder / "origin"
    shutil.copytree(origin, folder)
    (kept,) = (folder / "corpus").glob("*.json")
    name = f"corpus/{kept.name}"
    if command == "add again":
        (folder / "corpus/k.json").write_bytes(kept.read_bytes())
    if command == "run":
        kept.unlink()
    return folder, {
        "run": ["run", "fails.py", *OUTPUTS],
        "add": ["corpus", "add", name, "--as", "k"],
        "add again": ["corpus", "add", name, "--as", "k", "--force"],
        "report": ["report", name, *OUTPUTS],
    }[command]


COMMANDS = ("run", "add", "add again", "report")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_file_is_whole_or_absent_before_each_operation(
    origin: Path, tmp_path: Path, command: str
) -> None:
    folder, words = prepared(origin, tmp_path, command)
    seen = looks(folder, words)
    assert len(seen) >= 3  # a draft, its name, and what is removed
    assert [left.broken for left in seen if left.broken] == []
    if command != "run":
        assert all(left.kept >= 1 for left in seen)  # what was kept is kept


def test_what_is_killed_leaves_what_is_there_at_that_moment(origin: Path, tmp_path: Path) -> None:
    folder, words = prepared(origin, tmp_path, "add again")
    assert list(kills(folder, words)) == looks(folder, words)


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_every_file_is_whole_or_absent_whenever_the_command_is_killed(
    origin: Path, tmp_path: Path, command: str
) -> None:
    folder, words = prepared(origin, tmp_path, command)
    began = time.monotonic()
    killed_after(folder, words, 5.0)  # it has ended long before
    whole_s = max(0.2, time.monotonic() - began - 4.8)
    random, alive = Random(command), 0
    for _ in range(125):
        lived, left = killed_after(folder, words, random.uniform(0, whole_s))
        alive += lived
        assert left.broken == []
        assert left.kept >= (command != "run")
    assert alive > 12

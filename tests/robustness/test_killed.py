"""kill -9 before every file operation: each file is whole or absent, and nothing kept is lost."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FAILS = """
import trio

async def main():
    await trio.sleep(0)
    raise ValueError("always")
"""
OUTPUTS = ("--html", "r.html", "--svg", "r.svg", "--json", "r.json", "--junit", "r.xml")


def killed(folder: Path, *command: str) -> list[list[str]]:
    """Return, for each operation of ``command``: its number, the entries kept, what is broken."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests/support/killed.py"), str(folder), *command],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    return [line.split(" ", 2) for line in done.stdout.splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "origin"
    made.mkdir()
    (made / "fails.py").write_text(FAILS, encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "raceexplore", "run", "fails.py", *OUTPUTS],
        cwd=made,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        check=False,
    )
    return made


@pytest.mark.parametrize("command", ["run", "add", "add again", "report"])
def test_every_file_is_whole_or_absent_whenever_the_command_is_killed(
    folder: Path, command: str
) -> None:
    (kept,) = (folder / "corpus").glob("*.json")
    name = f"corpus/{kept.name}"
    if command == "add again":
        (folder / "corpus/k.json").write_bytes(kept.read_bytes())
    commands = {
        "run": ["run", "fails.py", *OUTPUTS],
        "add": ["corpus", "add", name, "--as", "k"],
        "add again": ["corpus", "add", name, "--as", "k", "--force"],
        "report": ["report", name, *OUTPUTS],
    }
    if command == "run":
        kept.unlink()
    told = killed(folder, *commands[command])
    assert len(told) >= 3  # a draft, its name, and what is removed
    assert [line for line in told if line[2] != "[]"] == []
    if command != "run":
        assert all(int(line[1]) >= 1 for line in told)  # what was kept is kept

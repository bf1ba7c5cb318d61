"""A debugger at a pipe."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from debugging import Debugger, Ended, command, environment, failure_of
from small_programs import BANK


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    return tmp_path


@pytest.fixture
def debugger(there: Path) -> Debugger:
    """Give commands, one a line, to the debugger of the bank's failure, or of another program's."""

    def run(commands: str, *options: str, program: str = BANK) -> Ended:
        seed = failure_of(there, program)
        words = [word.strip() for word in commands.strip().splitlines()]
        done = subprocess.run(
            command("replay", seed, "--pdb", *options),
            input="".join(f"{word}\n" for word in words),
            env=environment(there),
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        told = done.stdout.replace(f"{there.resolve()}/", "")
        return Ended(done.returncode, [part.strip() for part in told.split("(rx) ")], done.stderr)

    return run

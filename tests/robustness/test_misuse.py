"""Programs that misbehave: each ends in time, with the status and the words that it should."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from misuse import Misuse
from misuse_of_objects import MISUSES

SOURCE = str(Path(__file__).resolve().parents[2] / "src")
PATIENCE_S = 120  # nothing of this takes 10 s on a machine that has nothing else to do
ALWAYS = {"exit0", "forked_early", "pools", "alarm", "sums", "str_loops", "half_a_letter"}


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run raceexplore in ``folder``, in a session of its own."""
    return subprocess.run(
        [sys.executable, "-m", "raceexplore", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": SOURCE, "COLUMNS": "400"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
        start_new_session=True,
    )


def ended(misuse: Misuse, folder: Path, *more: str) -> tuple[int, str]:
    """Return status and output of ``raceexplore run`` on ``misuse``."""
    (folder / f"{misuse.name}.py").write_text(misuse.text, encoding="utf-8")
    name = f"{misuse.name}.py"
    done = command(folder, "run", name, "--wall-limit", "1", "--budget", "200", *more)
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def wrong(misuse: Misuse, folder: Path) -> str:
    """Return how ``misuse`` ends otherwise than it should; empty if it does not."""
    status, out = ended(misuse, folder)
    if status != misuse.status or misuse.told not in out:
        return f"{misuse.name}: {status}, not {misuse.status} with {misuse.told!r}:\n{out[-600:]}"
    if status != 70 and "Traceback" in out:
        return f"{misuse.name}: a traceback of ours:\n{out[-600:]}"
    return ""


def all_wrong(misuses: list[Misuse], folder: Path) -> list[str]:
    """Return what is wrong with ``misuses``, two of which run at a time."""
    with ThreadPoolExecutor(2) as pool:
        return [text for text in pool.map(lambda misuse: wrong(misuse, folder), misuses) if text]


def test_each_kind_of_misuse_ends_as_it_should(tmp_path: Path) -> None:
    some = [misuse for misuse in MISUSES if misuse.name in ALWAYS]
    assert len(some) == len(ALWAYS)
    assert all_wrong(some, tmp_path) == []


@pytest.mark.slow
def test_each_misuse_ends_as_it_should(tmp_path: Path) -> None:
    assert len(MISUSES) > 90
    assert all_wrong(MISUSES, tmp_path) == []


def test_what_ends_the_process_is_kept_and_replays(tmp_path: Path) -> None:
    kills = next(misuse for misuse in MISUSES if misuse.name == "segfaults")
    status, out = ended(kills, tmp_path)
    seed = re.search(r"rx1-[\w-]+", out)
    assert status == 1
    assert seed is not None
    again = command(tmp_path, "replay", seed[0])
    assert (again.returncode, b"SIGSEGV" in again.stdout) == (1, True)
    (kept,) = (tmp_path / "corpus").glob("*.json")
    assert command(tmp_path, "corpus", "run").stdout.startswith(b"reproduces  ")
    assert kept.name.startswith("segfaults-")


def test_the_campaign_goes_on_after_a_run_that_ends_its_process(tmp_path: Path) -> None:
    kills = next(misuse for misuse in MISUSES if misuse.name == "exits_in_c")
    asked = ("--stop", "never", "--scheduler", "random", "--budget", "60")
    for jobs in ("1", "2"):
        status, out = ended(kills, tmp_path, *asked, "--jobs", jobs)
        assert status == 1
        assert "explored 60 runs" in out

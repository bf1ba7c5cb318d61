"""The benchmark of the page measures a page in a browser; no clock is asserted."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from browser import installed

ROOT = Path(__file__).parents[2]


@pytest.mark.xdist_group("browser")
@pytest.mark.skipif(
    not installed() and not os.environ.get("CI"),
    reason="no chromium with chromedriver is installed (Debian: chromium chromium-driver)",
)
def test_the_benchmark_of_the_page_prints_its_table() -> None:
    done = subprocess.run(
        [sys.executable, "benchmarks/page.py", "--events", "200", "--rounds", "1"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    # ten customers, each with 19 waits, the event that ends it, and the two events of main
    assert lines[0].startswith("run of 202 events: page of ")
    heads = ["paint ms", "ready ms", "task ms", "median ms", "95 % ms", "longest ms"]
    assert " ".join(lines[1].split()) == " ".join(["round", *heads])
    assert lines[2].split()[0] == "1"
    assert len(lines[2].split()) == 1 + len(heads)
    assert lines[3].startswith("longest task of a load: ")
    assert lines[4].startswith("processor time of the page: ")
    assert lines[6].endswith("ms (wanted: under 200)")

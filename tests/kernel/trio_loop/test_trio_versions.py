"""The kernel works on the oldest supported trio, and on some between it and the newest."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from trio_suite import SOURCE, run_trios_tests

VERSIONS = {"0.22.2": 180, "0.25.1": 220, "0.29.0": 240}  # and at least so many tests of its own
NEEDED = ("hypothesis", "networkx", "msgpack", "click", "rich", "pytest", "pytest-xdist")

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("packaging")]


@pytest.fixture(scope="module", params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def python(version: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the interpreter of a fresh virtual environment with that version of trio."""
    home = tmp_path_factory.mktemp(f"trio-{version}")
    venv.create(home, with_pip=True, symlinks=sys.platform != "win32")
    found = home / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    subprocess.run(
        [found, "-m", "pip", "install", "--quiet", f"trio=={version}", *NEEDED], check=True
    )
    return str(found)


@pytest.mark.parametrize("order", ["any", "any:1", "passes"])
def test_its_own_tests_pass(
    version: str,
    python: str,
    order: str,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    outcomes = run_trios_tests(order, tmp_path, python=python)
    count = Counter(outcome.partition(":")[0] for outcome in outcomes.values())
    record_property("printed", f"trio {version}, order {order!r}: {count['passed']} of its tests")
    assert {name: text for name, text in outcomes.items() if text.startswith("failed")} == {}
    assert count["passed"] >= VERSIONS[version]


def test_our_tests_of_the_kernel_pass(python: str) -> None:
    ended = subprocess.run(
        [python, "-m", "pytest", "-q", "-m", "not slow", "-p", "no:cacheprovider",
         "--ignore", "tests/kernel/trio_loop/test_trio_suite.py", "tests/kernel"],
        cwd=SOURCE.parent, env={**os.environ, "PYTHONPATH": str(SOURCE)},
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-4000:]

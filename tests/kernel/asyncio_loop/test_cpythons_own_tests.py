"""CPython's own tests of asyncio pass on our loop, in asyncio's order and in others."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
SCRIPT = ROOT / "tests/support/cpythons_asyncio_tests.py"
ORDERED = ["tasks", "locks", "queues", "taskgroups", "timeouts", "waitfor"]
OTHERS = ["futures2", "runners", "context", "pep492", "base_events", "streams"]
OTHERS += ["eager_task_factory"] * (sys.version_info >= (3, 12))
FEWEST = {"passes": 1000, "any": 950}  # tests that pass: nobody deselects them by accident

pytestmark = [
    pytest.mark.xdist_group("cpython"),
    pytest.mark.skipif(
        importlib.util.find_spec("test.test_asyncio") is None,
        reason="this Python was installed without its own tests",
    ),
]


@pytest.mark.parametrize(
    ("order", "entropy", "modules"),
    [
        ("passes", 0, ORDERED + OTHERS),
        ("any", 1, ORDERED),
        pytest.param("any", 2, ORDERED, marks=pytest.mark.slow),
        pytest.param("any", 3, ORDERED, marks=pytest.mark.slow),
        pytest.param("passes", 0, ["futures"], marks=pytest.mark.slow),
    ],
)
def test_cpythons_own_tests_pass(
    order: str, entropy: int, modules: list[str], record_property: Callable[[str, object], None]
) -> None:
    command = [sys.executable, SCRIPT, order, str(entropy), *[f"test_{name}" for name in modules]]
    path = os.pathsep.join([str(ROOT / "src"), str(SCRIPT.parent)])
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    told = json.loads(done.stdout.splitlines()[-1])
    passed = told["ran"] - sum(told["skipped"].values()) - len(told["bad"])
    record_property(
        "printed", f"CPython's own tests of asyncio, {order}:{entropy}: {passed} of {told['ran']}"
    )
    assert told["bad"] == []
    assert passed >= FEWEST[order] or modules == ["futures"]

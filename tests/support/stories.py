"""The programs that what is said of failures is checked on: the models and the classic bugs."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
# a story that chaos tells has an engine: its runs have thousands of events
MODELS = [
    f"models/{path.parent.name}/buggy.py"
    for path in sorted(ROOT.glob("models/*/buggy.py"))
    if not (path.parent / "engine.yaml").exists()
]


def power_programs() -> list[str]:
    """Return the classic bugs, as paths with names from the root of the project."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        import power

        return [f"benchmarks/power_programs/{name}" for name in power.program_names()]
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))


# whose orders take ten seconds and more to ablate, or whose failure to shrink; dining5 is the same
LONG = {"dining6", "dining7", "cli_config", "cli_lock", "failover_lock", "redlock_update"}


def but_for_long(paths: list[str]) -> list[Any]:
    """Return ``paths`` as parameters of a test; those that take long are marked slow."""
    names = {path: re.split("[/:]", path.removesuffix("/buggy.py"))[-1] for path in paths}
    slow = pytest.mark.slow
    return [pytest.param(p, marks=slow if names[p] in LONG else (), id=p) for p in paths]


# a hundred tasks: everything takes long, and nothing is learnt that twenty do not teach
QUICK = [name for name in power_programs() if "two_stage100" not in name]

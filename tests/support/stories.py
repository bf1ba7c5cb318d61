"""The programs that what is said of failures is checked on: the models and the classic bugs."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MODELS = [f"models/{path.parent.name}/buggy.py" for path in sorted(ROOT.glob("models/*/buggy.py"))]


def power_programs() -> list[str]:
    """Return the classic bugs, as paths with names from the root of the project."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        import power

        return [f"benchmarks/power_programs/{name}" for name in power.program_names()]
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))


# a hundred tasks: everything takes long, and nothing is learnt that twenty do not teach
QUICK = [name for name in power_programs() if "two_stage100" not in name]

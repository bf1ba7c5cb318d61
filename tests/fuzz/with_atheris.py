"""Fuzz with atheris, if it is there: ``python tests/fuzz/with_atheris.py seeds -runs=100000``.

It chooses the bytes that the strategies of `test_mutated` draw from, by what they reach.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

TARGETS = {
    "seeds": "test_a_mutated_seed_is_told_in_a_line",
    "entries": "test_what_is_encoded_can_be_decoded",
    "ini": "test_ini_keys_of_any_values_are_told_in_a_line",
}


def main() -> None:
    """Fuzz one target, until something is wrong or as often as ``-runs`` says."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
    try:
        atheris: Any = importlib.import_module("atheris")
    except ImportError:
        sys.exit("this needs atheris: pip install atheris")
    target = sys.argv.pop(1) if len(sys.argv) > 1 else ""
    if target not in TARGETS:
        sys.exit(f"name a target: {', '.join(TARGETS)}")
    with atheris.instrument_imports(include=["raceexplore"]):
        tests: Any = importlib.import_module("test_mutated")
    function = getattr(tests, TARGETS[target])
    atheris.Setup(sys.argv, function.hypothesis.fuzz_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()

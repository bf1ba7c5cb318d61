"""Runs trio's own tests, from the installed trio, on raceexplore's loop, in a fresh process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import trio_skips

SUPPORT = Path(__file__).parent
SOURCE = SUPPORT.parents[1] / "src"
LIMIT_S = 300


def run_trios_tests(
    order: str, folder: Path, *, skips: bool = True, python: str = sys.executable
) -> dict[str, str]:
    """Return test -> ``passed``, ``skipped``, ``xfailed`` or ``failed: ...``; see trio_on_loop."""
    results, trios = folder / "results.json", Path(where_trio_is(python)).parent
    modules = [trios / name for name in trio_skips.MODULES if (trios / name).exists()]
    environment = {
        **os.environ,
        "TRIO_ORDER": order,
        "TRIO_RESULTS": str(results),
        "TRIO_SKIPS": "yes" if skips else "no",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": os.pathsep.join([str(SOURCE), str(SUPPORT)]),
    }
    command = [python, "-m", "pytest", "-q", "-c", os.devnull, f"--rootdir={trios}"]
    command += ["-p", "trio._tests.pytest_plugin", "-p", "trio_on_loop", "-p", "no:cacheprovider"]
    ended = subprocess.run(
        [*command, "--run-slow", "--tb=native", *map(str, modules)],
        cwd=folder, env=environment, timeout=LIMIT_S, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert results.exists(), ended.stdout[-4000:] + ended.stderr[-4000:]
    found: dict[str, str] = json.loads(results.read_text(encoding="utf-8"))
    return found


def where_trio_is(python: str) -> str:
    """Return the file of the trio that ``python`` imports."""
    code = "import trio; print(trio.__file__)"
    return subprocess.run(
        [python, "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()

"""Every run replays exactly: in a fresh process, under another hash seed, from its seed alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from trio_suite import SOURCE, SUPPORT

PROGRAMS = 1_000
SETTINGS = 4  # both time modes, both orders


def python(hash_seed: str, *arguments: object) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(SOURCE)}
    command = [sys.executable, str(SUPPORT / "replay_many.py"), *map(str, arguments)]
    return subprocess.run(
        command, env=environment, check=True, capture_output=True, text=True
    ).stdout


def test_a_thousand_random_programs_replay_to_the_same_digest_in_another_process(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    file = tmp_path / "runs.json"
    python("1", "write", file, PROGRAMS)
    found = json.loads(python("2", "read", file))
    record_property("printed", f"{PROGRAMS} random programs replayed: {found['outcomes']}")
    assert found["different"] == []
    assert sum(found["outcomes"].values()) == PROGRAMS * SETTINGS
    assert min(found["outcomes"]["passed"], found["outcomes"]["failed"]) > PROGRAMS // 2

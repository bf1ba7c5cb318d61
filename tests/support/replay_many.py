"""Run many small programs and write down what happened; or read that, and replay every run.

replay_many.py write FILE COUNT
replay_many.py read FILE
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import drawn_programs
from raceexplore import Limits, Replay, Settings, World, by_name
from raceexplore.kernel.fence.guard import guarded
from raceexplore.kernel.run import run_once
from raceexplore.kernel.seed import decode

LIMITS = Limits(steps=3_000)
SETTINGS = [
    Settings(time=time, order=order, entropy=7)
    for time in ("strict", "elastic")
    for order in ("any", "passes")
]


def build(number: int, spec: drawn_programs.Spec) -> Callable[[World], Awaitable[None]]:
    """Every other program is cancelled as a whole after a while, where it would wait for ever."""
    return drawn_programs.build(spec, limit_s=4.0 if number % 2 else math.inf)


def write(file: Path, count: int) -> None:
    scheduler = by_name("random", entropy=3)
    rows = []
    for number, spec in enumerate(drawn_programs.draw_specs(count)):
        program, runs = build(number, spec), []
        for settings in SETTINGS:
            scheduler.begin()
            run = run_once(program, scheduler, settings=settings, limits=LIMITS, record=True)
            scheduler.end(run)
            runs.append((run.seed, run.digest, run.outcome))
        rows.append((spec, runs))
    file.write_text(json.dumps(rows), encoding="utf-8")


def read(file: Path) -> None:
    different, outcomes = [], dict.fromkeys(("passed", "failed", "cut"), 0)
    rows = json.loads(file.read_text(encoding="utf-8"))
    for number, (spec, runs) in enumerate(rows):
        program = build(number, spec)
        for text, digest, outcome in runs:
            seed = decode(text)
            replay = Replay(seed.schedule)
            run = run_once(program, replay, settings=seed.settings, limits=LIMITS, record=True)
            outcomes[run.outcome] += 1
            fingerprint = run.failure.fingerprint if run.failure else ""
            same = (run.digest, run.outcome, fingerprint) == (digest, outcome, seed.fingerprint)
            if not same or replay.skipped:
                different.append((spec, text))
    print(json.dumps({"different": different, "outcomes": outcomes}))


if __name__ == "__main__":
    with guarded():
        if sys.argv[1] == "write":
            write(Path(sys.argv[2]), int(sys.argv[3]))
        else:
            read(Path(sys.argv[2]))

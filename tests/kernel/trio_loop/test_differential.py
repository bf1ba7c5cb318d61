"""The same decisions under trio's own loop give the same trace as under ours."""

from __future__ import annotations

import json
from typing import Literal

import pytest

import drawn_programs
from raceexplore import Settings, by_name
from raceexplore.kernel.outcome import leaves
from raceexplore.kernel.run import run_once
from trios_own_loop import happened_in, run_on_trios_loop

PROGRAMS = 60
LIMIT_S = 50.0  # what would wait for ever is cancelled, for both loops to see it end


def specs() -> list[drawn_programs.Spec]:
    """Programs whose random numbers do not matter: only ours are guarded."""
    drawn = drawn_programs.draw_specs(3 * PROGRAMS)
    return [spec for spec in drawn if '"random"' not in json.dumps(spec)][:PROGRAMS]


def described(error: BaseException | None) -> list[str]:
    return [] if error is None else [repr(leaf) for leaf in leaves(error)]


@pytest.mark.parametrize("order", ["any", "passes"])
def test_trios_own_loop_gives_the_same_trace(order: Literal["any", "passes"]) -> None:
    found, events = specs(), 0
    assert len(found) == PROGRAMS
    scheduler = by_name("random", entropy=11)
    for spec in found:
        program = drawn_programs.build(spec, limit_s=LIMIT_S)
        for _ in range(3):
            scheduler.begin()
            run = run_once(program, scheduler, settings=Settings(order=order), record=True)
            scheduler.end(run)
            if run.failure is not None and run.failure.kind == "deadlock":
                continue  # a shield keeps the limit out, and trio's loop would wait for ever
            happened, error = run_on_trios_loop(program, run)
            assert happened == happened_in(run), spec
            assert described(error) == described(run.failure and run.failure.exception), spec
            events += len(happened)
    assert events > 1_000

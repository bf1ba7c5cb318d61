"""A run that passes leaves nothing for the garbage collector: collecting would take longer."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from golden_programs import increments, lock_order, polling, primitives, with_world
from raceexplore import Replay, run_once


@pytest.mark.parametrize("program", [increments, primitives, lock_order, polling, with_world])
def test_a_run_that_passes_is_freed_at_once(program: Any) -> None:
    assert run_once(program, Replay()).outcome == "passed"  # caches are warm now
    gc.collect()
    gc.disable()
    try:
        run_once(program, Replay(), record=program is primitives)
        assert gc.collect() == 0
    finally:
        gc.enable()

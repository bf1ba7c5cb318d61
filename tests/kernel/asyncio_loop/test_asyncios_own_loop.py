"""Drawn programs do in asyncio's order what they do on asyncio's own loop; any order replays."""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from drawn_asyncio import digests, drawn
from raceexplore import Replay, run_once
from raceexplore.kernel.program import Settings

ROOT = Path(__file__).resolve().parents[3]


class Jumping(asyncio.SelectorEventLoop):
    """asyncio's own loop, whose time passes at once when nothing is ready."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.set = 0.0, 0
        self._clock_resolution = 1e-9

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Any, *args: Any, context: Any = None) -> Any:
        # asyncio leaves the order of equal times open; here it is that of setting them
        self.set += 1
        return super().call_at(when + self.set * 1e-13, callback, *args, context=context)

    def _run_once(self) -> None:
        live = [handle for handle in self._scheduled if not handle._cancelled]
        if not self._ready and live and not self._stopping:
            self.now = max(self.now, min(handle._when for handle in live))
        super()._run_once()


def on_asyncios_own_loop(program: Callable[[list[str]], Coroutine[Any, Any, None]]) -> list[str]:
    log: list[str] = []
    with asyncio.Runner(loop_factory=Jumping) as runner:
        runner.run(program(log))
    return log


def test_two_hundred_drawn_programs_do_what_they_do_on_asyncios_own_loop() -> None:
    for entropy in range(200):
        program = drawn(random.Random(entropy))
        log: list[str] = []

        async def controlled(program: Any = program, log: list[str] = log) -> None:
            await program(log)

        scheduler = Replay()
        scheduler.begin()
        settings = Settings(order="passes", runtime="asyncio")
        run = run_once(controlled, scheduler, settings=settings)
        assert run.failure is None, (entropy, run.failure)
        assert log == on_asyncios_own_loop(program), entropy


def test_drawn_programs_replay_in_another_process_under_another_hash_seed() -> None:
    code = "import json, drawn_asyncio; print(json.dumps(drawn_asyncio.digests(range(1000))))"
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests/support")])
    env = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "77"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == digests(range(1000))

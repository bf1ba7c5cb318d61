"""Runs written down: what a schedule means must not change when the kernel gets faster.

After a change of meaning, on purpose, run this file as a script and copy what it prints.
"""

from __future__ import annotations

import random
from hashlib import blake2b
from typing import Any

import pytest
import trio

from golden_programs import PROGRAMS
from raceexplore import Limits, Run, Settings
from raceexplore.kernel.run import run_once

SETTINGS = {
    "strict any": Settings(entropy=5),
    "elastic any": Settings(time="elastic"),
    "strict passes": Settings(order="passes", fair_after=7),
}
RUNS = 25
GOLDEN = {
    "increments, strict any": "63c1db631f66ebd1",
    "increments, elastic any": "63c1db631f66ebd1",
    "increments, strict passes": "f95c2855c08372a8",
    "primitives, strict any": "8ad3aa1361d26a45",
    "primitives, elastic any": "d526002a5c161e5c",
    "primitives, strict passes": "3f13d36940f3307b",
    "lock_order, strict any": "408b5ecdd34d9c2d",
    "lock_order, elastic any": "408b5ecdd34d9c2d",
    "lock_order, strict passes": "2acd035f0268e612",
    "cancellations, strict any": "7b5a16348446d57d",
    "cancellations, elastic any": "f3a7b8e9499a1e19",
    "cancellations, strict passes": "78c02ec87585bea9",
    "generators, strict any": "1b1d6829dbb0fdb3",
    "generators, elastic any": "1b1d6829dbb0fdb3",
    "generators, strict passes": "2a28f59423015bc6",
    "with_world, strict any": "9ceda7cba4f2a747",
    "with_world, elastic any": "4a859adfbcc33d9c",
    "with_world, strict passes": "6a191666f6c0bd99",
    "polling, strict any": "ec450211c7fda8cf",
    "polling, elastic any": "ec450211c7fda8cf",
    "polling, strict passes": "6d2a03e60f87437d",
    "livelock, strict any": "b149b9b430139ae7",
    "livelock, elastic any": "b149b9b430139ae7",
    "livelock, strict passes": "fab887bb26ff53f9",
    "leak, strict any": "832c28ba29d19c9a",
    "leak, elastic any": "832c28ba29d19c9a",
    "leak, strict passes": "832c28ba29d19c9a",
}


class Walk:
    """A scheduler of this file's own, so that a change of raceexplore's moves no digest here."""

    def __init__(self, entropy: int, stay: float) -> None:
        self.draw, self.stay = random.Random(entropy).random, stay

    def begin(self) -> bool:
        return True

    def choose(self, point: Any) -> int:
        if point.kind != "task":
            return int(point.keyed(3))
        return 0 if self.draw() < self.stay else int(self.draw() * point.bound)

    def end(self, run: Run) -> None:
        pass


def described(run: Run) -> str:
    # not the message: it may name a file by its whole path
    failure = run.failure and (run.failure.kind, run.failure.fingerprint)
    return repr(
        (run.digest, tuple(run.schedule.deviations), run.outcome, run.cut, failure, run.steps,
         run.preemptions, run.virtual_s, run.passes, sorted(run.sometimes.items()), run.warnings)
    )  # fmt: skip


def golden(program: Any, settings: Settings) -> str:
    """Return the digest of ``RUNS`` runs; each is run twice, recorded and not."""
    running = blake2b(digest_size=8)
    for i in range(RUNS):
        runs = [
            run_once(
                program,
                Walk(i, stay=0.2 * (i % 5)),
                limits=Limits(steps=400),
                settings=settings,
                record=record,
            )
            for record in (True, False)
        ]
        assert runs[0].schedule == runs[1].schedule
        assert (runs[0].steps, runs[0].preemptions) == (runs[1].steps, runs[1].preemptions)
        running.update(described(runs[0]).encode())
    return running.hexdigest()


def all_golden() -> dict[str, str]:
    return {
        f"{program.__name__}, {name}": golden(program, settings)
        for program in PROGRAMS
        for name, settings in SETTINGS.items()
    }


@pytest.mark.skipif(trio.__version__ != "0.35.0", reason="written down with trio 0.35.0")
def test_a_schedule_means_what_it_meant() -> None:
    assert all_golden() == GOLDEN


if __name__ == "__main__":
    import pprint

    pprint.pp(all_golden())

"""What a pause of ordinary code costs: in a strand (a greenlet), and by a thread that is parked.

Run it: python benchmarks/strands.py
"""

from __future__ import annotations

import threading
import time

from raceexplore import Replay, World, run_once
from raceexplore.kernel.fence.strand import Strand, wait

PAUSES = 20_000


class NoCalls:
    """A strand that makes no call."""

    def call(self, *_: object) -> object:
        """Do nothing."""
        return None

    def enter(self) -> None:
        """Do nothing."""

    def leave(self) -> None:
        """Do nothing."""


async def awaits(world: World) -> None:
    """Pass the schedule points as a coroutine does."""
    for _ in range(PAUSES):
        await world.checkpoint()


async def strand(world: World) -> None:
    """Pass them from ordinary code."""

    def ordinary() -> None:
        for _ in range(PAUSES):
            wait(world.checkpoint())

    await Strand(NoCalls()).run(ordinary)


def threads() -> float:
    """Hand over to a thread and back, strictly one at a time; return seconds."""
    here, there = threading.Lock(), threading.Lock()
    here.acquire()
    there.acquire()

    def parked() -> None:
        for _ in range(PAUSES):
            there.acquire()
            here.release()

    thread = threading.Thread(target=parked)
    thread.start()
    begin = time.perf_counter()
    for _ in range(PAUSES):
        there.release()
        here.acquire()
    seconds = time.perf_counter() - begin
    thread.join()
    return seconds


def main() -> None:
    """Print microseconds a pause."""
    for program in (awaits, strand):
        best = min(_timed(program) for _ in range(3))
        print(f"{program.__name__:8}{best / PAUSES * 1e6:8.2f} us")
    print(
        f"{'thread':8}{min(threads() for _ in range(3)) / PAUSES * 1e6:8.2f} us to hand over alone"
    )


def _timed(program: object) -> float:
    begin = time.perf_counter()
    run_once(program, Replay())  # type: ignore[arg-type]
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()

"""What is still to come of a bounded search: all of it, in order, in little memory."""

from __future__ import annotations

import tracemalloc

from raceexplore.toolbox.frontier import BLOCK, Frontier, Prefix, Waiting

COUNT = 10 * BLOCK + 3
ALIKE = [bytes(3), bytes([0, 1]), bytes(2)] * 10


def prefix(number: int) -> Prefix:
    return Prefix(number % 30, 1, {number % 7: 1, number % 30: 2}, (), ALIKE[: number % 25])


def test_what_waits_comes_back_whole_the_first_first() -> None:
    waiting = Waiting({})
    for number in range(COUNT // 2):
        waiting.append(prefix(number))
    taken = [waiting.popleft() for _ in range(COUNT // 3)]
    for number in range(COUNT // 2, COUNT):
        waiting.append(prefix(number))
    while waiting:
        taken.append(waiting.popleft())
    assert taken == [prefix(number) for number in range(COUNT)]


def explored(frontier: Frontier, runs: int) -> None:
    for _ in range(runs):
        assert frontier.begin()
        for _ in range(25):
            frontier.choose(bytes([0, 1]))
        frontier.end()


def test_a_run_whose_successors_are_to_come_takes_less_than_a_hundred_bytes() -> None:
    frontier = Frontier()
    explored(frontier, 1_000)
    tracemalloc.start()
    try:
        explored(frontier, 4_000)
        assert tracemalloc.get_traced_memory()[0] < 4_000 * 100
    finally:
        tracemalloc.stop()

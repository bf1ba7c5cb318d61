"""Measure schedules a second when Hypothesis draws them, against `explore` on the same program.

    python benchmarks/hypothesis.py [--rounds N] [--cases N] [--json]

`explore` alone uses the scheduler `random`, which only samples: the fastest that one process does.
All ways take turns; each figure is the processor time of its fastest round, since the machine may
be shared. This file bears the name of a library: its folder leaves the path before the import.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time  # the real one: the guard patches the module's attribute
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != HERE]

import trio  # noqa: E402 after the path is right
from hypothesis import HealthCheck, Phase, given, seed, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from raceexplore import explore  # noqa: E402
from raceexplore.hypothesis import profile, schedules  # noqa: E402
from raceexplore.hypothesis import schedule as runner  # noqa: E402

AMOUNTS = st.lists(st.integers(1, 50), min_size=3, max_size=3)


async def withdraw_all(amounts: list[int]) -> None:
    """Three tasks: 45 events, no bug."""
    balance = 100

    async def withdraw(amount: int) -> None:
        nonlocal balance
        for _ in range(9):
            await trio.lowlevel.checkpoint()
        balance -= amount
        for _ in range(4):
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        for amount in amounts:
            nursery.start_soon(withdraw, amount)
        await trio.lowlevel.checkpoint()


async def program() -> None:
    """Call it with fixed data."""
    await withdraw_all([1, 2, 3])


def alone(cases: int) -> int:
    """Explore, without Hypothesis. Like each way, return the number of schedules run."""
    return explore(program, scheduler="random", budget=cases, stop="never").runs


def observed(cases: int) -> int:
    """Explore as `raceexplore run` does, by the portfolio, which observes what runs touch."""
    return explore(program, budget=cases, stop="never").runs


def nothing(cases: int) -> int:
    """Let Hypothesis draw one integer and run nothing: its own fixed cost."""
    _given(cases, st.integers(0, 1 << 60))(lambda number: None)
    return cases


def joint(cases: int) -> int:
    """Draw the schedule and the amounts, as a user's test does; neighbours are run by default."""
    return _joint(cases // 8, schedules(), AMOUNTS)


def joint_schedule(cases: int) -> int:
    """Draw the schedule alone."""
    return _joint(cases // 8, schedules())


def joint_single(cases: int) -> int:
    """Draw the schedule and the amounts, and run the drawn schedule only."""
    return _joint(cases, schedules(sweep=0), AMOUNTS)


def joint_long(cases: int) -> int:
    """Draw the schedule and the amounts; run up to 255 neighbours of it in the same test case."""
    return _joint(cases // 16, schedules(sweep=255), AMOUNTS)


def _joint(cases: int, *strategies: st.SearchStrategy) -> int:
    """Run `withdraw_all` on drawn schedules; count the runs where the program cannot see it."""
    runs, once = 0, runner.run_once

    def counted(*args: Any, **options: Any) -> Any:
        nonlocal runs
        runs += 1
        return once(*args, **options)

    runner.run_once = counted
    try:
        test = _given(cases, *strategies)
        test(lambda schedule, amounts=(1, 2, 3): schedule.run(withdraw_all, amounts))
    finally:
        runner.run_once = once
    return runs


def nested(cases: int) -> int:
    """Draw the amounts; explore 20 schedules for each."""
    count = max(1, cases // 20)
    test = _given(count, AMOUNTS)
    test(lambda data: explore(lambda: withdraw_all(data), scheduler="random", budget=20))
    return count * 20


def _given(cases: int, *strategies: st.SearchStrategy) -> Callable:
    """Return what runs a test function with ``cases`` test cases."""
    how = settings(
        profile(),
        max_examples=cases,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )

    def campaign(test: Callable) -> None:
        def case(values: tuple) -> None:  # Hypothesis wants a test that returns nothing
            test(*values)

        drawn = st.tuples(*strategies)
        seed(1)(how(given(values=drawn)(case)))()

    return campaign


WAYS: dict[str, Callable[[int], int]] = {
    "explore alone": alone,
    "explore, portfolio": observed,
    "Hypothesis, nothing run": nothing,
    "joint: schedule, data": joint,
    "joint: schedule": joint_schedule,
    "joint, sweep=0": joint_single,
    "joint, sweep=255": joint_long,
    "nested: data, 20 each": nested,
}


def measure(rounds: int, cases: int) -> dict[str, float]:
    """Return the microseconds per schedule of each way."""
    best = dict.fromkeys(WAYS, float("inf"))
    for _ in range(rounds):
        for name, way in WAYS.items():
            began = process_time()
            runs = way(cases)
            best[name] = min(best[name], (process_time() - began) / runs * 1e6)
    return best


def main() -> None:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cases", type=int, default=1_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found = measure(asked.rounds, asked.cases)
    if asked.json:
        print(json.dumps(found))
        return
    print("45 events in 3 tasks; processor time")
    for name, cost_us in found.items():
        ratio = found["explore alone"] / cost_us
        print(f"{name:<26}{cost_us:>8.0f} us  {1e6 / cost_us:>7,.0f}/s  x {ratio:.2f}")


if __name__ == "__main__":
    main()

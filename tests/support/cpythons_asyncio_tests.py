"""Run CPython's own tests of asyncio on our loop; print one line of JSON with what came of them.

    python cpythons_asyncio_tests.py ORDER ENTROPY MODULE...

ORDER is passes (asyncio's own) or any (at random). What cannot pass is in `cpythons_asyncio_skips`.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import unittest
from typing import Any

from cpythons_asyncio_skips import reason_to_skip
from raceexplore.kernel.asyncio_loop.drive import Drive
from raceexplore.kernel.program import Limits, Settings


class Random:
    """A scheduler that picks at random."""

    def __init__(self, entropy: int) -> None:
        self._random = random.Random(entropy)

    def begin(self) -> bool:
        return True

    def choose(self, point: Any) -> int:
        return self._random.randrange(point.bound)

    def end(self, run: Any) -> None:
        pass


ORDER, ENTROPY = sys.argv[1], int(sys.argv[2])


class Jumping(Drive):
    """A run whose loop tests can use as they use CPython's `TestLoop`."""

    def __init__(self) -> None:
        super().__init__(Random(ENTROPY), settings=Settings(order=ORDER), limits=Limits())
        self.loop.advance_time = self.clock_by

    def clock_by(self, seconds: float) -> None:
        if seconds:
            self.clock.jump_to(self.clock.now + seconds)
            self.expire()


def new_loop(gen: Any = None) -> Any:
    return Jumping().loop


class Policy(asyncio.DefaultEventLoopPolicy):
    """Makes our loops; CPython's tests reset the policy to the default one."""

    _loop_factory = staticmethod(new_loop)


def suite(names: list[str]) -> unittest.TestSuite:
    from test.test_asyncio import utils

    utils.TestLoop = new_loop
    found = unittest.TestSuite()
    for name in names:
        module = __import__(f"test.test_asyncio.{name}", fromlist=["x"])
        for inner in unittest.defaultTestLoader.loadTestsFromModule(module):
            for case in inner:
                reason = reason_to_skip(case.id().split("test_asyncio.")[1], ORDER)
                if reason:
                    setattr(case, case._testMethodName, unittest.skip(reason)(lambda: None))
                found.addTest(case)
    return found


def main() -> None:
    asyncio.DefaultEventLoopPolicy._loop_factory = staticmethod(new_loop)
    asyncio.set_event_loop_policy(None)
    result = unittest.TestResult()
    for case in suite(sys.argv[3:]):
        try:
            case.run(result)
        except RuntimeError as error:  # its loop could not be closed
            result.errors.append((case, repr(error)))
    bad = [(case.id(), text) for case, text in [*result.failures, *result.errors]]
    skips: dict[str, int] = {}
    for _, reason in result.skipped:
        skips[reason] = skips.get(reason, 0) + 1
    told = {"ran": result.testsRun, "skipped": skips, "bad": bad}
    print("\n" + json.dumps(told))


if __name__ == "__main__":
    main()

"""The message of a failure is the same in every run and in every process."""

from __future__ import annotations

from raceexplore import Replay, run_once


class Stock:
    pass


async def fails() -> None:
    raise ValueError(f"{Stock()} is not {Stock()}: register at 0x1F")


def test_addresses_of_objects_are_left_out_of_a_message() -> None:
    failure = run_once(fails, Replay()).failure
    assert failure is not None
    place = f"<{__name__}.Stock object at 0x...>"
    assert failure.message == f"{place} is not {place}: register at 0x1F"

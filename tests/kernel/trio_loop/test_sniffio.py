"""Inside a run, sniffio answers as inside trio.run: anyio and its like ask it."""

from __future__ import annotations

import pytest
import sniffio

from raceexplore import Replay, run_once


def test_sniffio_says_trio_inside_a_run_and_nothing_after_it() -> None:
    told: list[str] = []

    async def program() -> None:
        told.append(sniffio.current_async_library())

    run_once(program, Replay())
    assert told == ["trio"]
    with pytest.raises(sniffio.AsyncLibraryNotFoundError):
        sniffio.current_async_library()

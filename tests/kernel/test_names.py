"""Task names: every task of a run has its own."""

from __future__ import annotations

from functools import partial

import trio

from raceexplore.kernel.run import run_once
from raceexplore.kernel.scheduler import Replay


class Clerk:
    async def serve(self) -> None:
        await trio.lowlevel.checkpoint()


async def serve(number: int = 0) -> None:
    await trio.lowlevel.checkpoint()


def paths(*starts: tuple[object, str | None]) -> list[str]:
    async def main() -> None:
        async with trio.open_nursery() as nursery:
            for function, name in starts:
                nursery.start_soon(function, name=name)  # type: ignore[arg-type]

    events = run_once(main, Replay(), record=True).events
    return [path for path in dict.fromkeys(event.task for event in events) if path != "main"]


def test_methods_of_two_objects_have_two_names() -> None:
    assert paths((Clerk().serve, None), (Clerk().serve, None)) == ["main/serve#1", "main/serve#2"]


def test_two_partials_of_one_function_have_two_names() -> None:
    starts = (partial(serve, 1), None), (partial(serve, 2), None)
    assert paths(*starts) == ["main/serve#1", "main/serve#2"]


def test_a_given_name_is_kept_and_only_its_second_bearer_numbered() -> None:
    starts = (serve, "alice"), (serve, "alice"), (serve, None)
    assert paths(*starts) == ["main/alice", "main/alice#2", "main/serve#1"]


def test_a_given_name_that_is_a_functions_name_is_no_ones_twice() -> None:
    assert paths((serve, "serve"), (serve, None)) == ["main/serve", "main/serve#2"]

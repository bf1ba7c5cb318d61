"""What every program of this folder is made of: tasks side by side, and points between events."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import trio

Task = Callable[[], Awaitable[None]]
point = trio.lowlevel.checkpoint


async def together(*tasks: Task) -> None:
    """Run ``tasks`` side by side until all have ended."""
    async with trio.open_nursery() as nursery:
        for task in tasks:
            nursery.start_soon(task)

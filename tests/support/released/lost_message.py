"""A message must reach somebody when a reader leaves and another takes over.

Found in anyio 4.3.0 on trio 0.25.0; mended in anyio 4.4.0: the stream gave an item to a receiver
that was being cancelled, and it was gone.
"""

from __future__ import annotations

import anyio
import anyio.lowlevel

MESSAGES = ["first", "second"]


async def main() -> None:
    """Send two messages while the first of two readers leaves; count what came out."""
    sender, stream = anyio.create_memory_object_stream(max_buffer_size=len(MESSAGES))
    got: list[str] = []
    early = anyio.CancelScope()

    async def send() -> None:
        with sender:
            for message in MESSAGES:
                await anyio.lowlevel.checkpoint()
                sender.send_nowait(message)

    async def leave() -> None:
        early.cancel()

    async def read(own: object) -> None:
        async with own:
            async for message in own:
                got.append(message)  # noqa: PERF401 one by one: it may be cancelled between two

    async with anyio.create_task_group() as group:
        group.start_soon(send)
        group.start_soon(leave)
        rest = stream.clone()
        with early:
            await read(stream)
        await read(rest)
    assert got == MESSAGES, f"of {MESSAGES} only {got} arrived"

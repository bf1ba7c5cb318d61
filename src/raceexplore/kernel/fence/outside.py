"""What leaves the controlled world: the calls that are refused, and the error that says so."""

from __future__ import annotations

import sys

from raceexplore.kernel.errors import OutsideWorld
from raceexplore.kernel.standing.walk import is_user_file

TOOLS = {
    "socket": "the simulated network of raceexplore.sim, or an in-memory stream",
    "thread": "trio.to_thread.run_sync, which runs inline here, or a task",
    "subprocess": "an async function that stands for the program",
    "signal": "a task that does what the handler would",
    "asyncio": "trio, or run the whole program on asyncio (--runtime asyncio)",
    "threadsafe": "loop.call_soon_threadsafe, or an async function without a thread around it",
    "pipe": "an in-memory stream",
    "from_thread": "trio.from_thread.run_sync, or an async function without a thread around it",
    "uuid1": "uuid.uuid4, which follows the run's entropy",
}

# module, path in it, what to call it, key of TOOLS
CALLS = (
    ("socket", "socket.__init__", "a real socket", "socket"),
    ("socket", "getaddrinfo", "socket.getaddrinfo()", "socket"),
    ("socket", "create_connection", "socket.create_connection()", "socket"),
    ("subprocess", "Popen.__init__", "a subprocess", "subprocess"),
    ("signal", "signal", "signal.signal()", "signal"),
    ("asyncio", "run", "asyncio.run()", "asyncio"),
    ("asyncio", "get_running_loop", "asyncio", "asyncio"),
    ("asyncio.events", "get_running_loop", "asyncio", "asyncio"),
    ("asyncio.events", "new_event_loop", "asyncio", "asyncio"),
    ("asyncio.runners", "run", "asyncio.run()", "asyncio"),
)


def outside(what: str, tool: str, place: str = "") -> OutsideWorld:
    """Return the error that names the call, the line of the program, and what to use instead."""
    frame = sys._getframe(1)  # noqa: SLF001 the one way to a caller's line
    while frame is not None and not place:
        if is_user_file(frame.f_code.co_filename):
            place = f" at {frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]
    return OutsideWorld(f"{what}{place} leaves the controlled world; use {TOOLS[tool]}")

"""What leaves the controlled world: the calls that are refused, and the error that says so."""

from __future__ import annotations

import sys

from raceexplore.kernel.errors import OutsideWorld
from raceexplore.kernel.events.trace import NOWHERE, Site
from raceexplore.kernel.standing.walk import callers, is_user_file

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

STARTS = (
    "fork", "forkpty", "posix_spawn", "posix_spawnp", "system", "startfile",
    "spawnv", "spawnve", "spawnvp", "spawnvpe",
)  # fmt: skip

# module, path in it, what to call it, key of TOOLS
CALLS = (
    ("socket", "socket.__init__", "a real socket", "socket"),
    ("socket", "getaddrinfo", "socket.getaddrinfo()", "socket"),
    ("socket", "create_connection", "socket.create_connection()", "socket"),
    ("subprocess", "Popen.__init__", "a subprocess", "subprocess"),
    ("multiprocessing.process", "BaseProcess.start", "a multiprocessing process", "subprocess"),
    ("multiprocessing.pool", "Pool.__init__", "a multiprocessing pool", "subprocess"),
    (
        "concurrent.futures.process",
        "ProcessPoolExecutor.__init__",
        "a process pool",
        "subprocess",
    ),
    *(("os", name, f"os.{name}()", "subprocess") for name in STARTS),
    ("_posixsubprocess", "fork_exec", "a subprocess", "subprocess"),
    ("_winapi", "CreateProcess", "a subprocess", "subprocess"),
    *(
        ("_thread", name, "a thread", "thread")
        for name in ("start_new_thread", "start_new", "start_joinable_thread")
    ),
    *(
        ("signal", name, f"signal.{name}()", "signal")
        for name in ("sigwait", "sigwaitinfo", "sigtimedwait", "pause", "set_wakeup_fd")
    ),
    ("asyncio", "run", "asyncio.run()", "asyncio"),
    ("asyncio", "get_running_loop", "asyncio", "asyncio"),
    ("asyncio.events", "get_running_loop", "asyncio", "asyncio"),
    ("asyncio.events", "new_event_loop", "asyncio", "asyncio"),
    ("asyncio.runners", "run", "asyncio.run()", "asyncio"),
)


def outside(what: str, tool: str, place: str = "") -> OutsideWorld:
    """Return the error that names the call, the line of the program, and what to use instead."""
    place = place or line_of_the_program()
    return OutsideWorld(f"{what}{place} leaves the controlled world; use {TOOLS[tool]}")


def line_of_the_program() -> str:
    """Return `` at FILE:LINE``, the innermost line of the program that calls us, or nothing."""
    site = call_site()
    return f" at {site.file}:{site.line}" if site.file else ""


def call_site() -> Site:
    """Return the innermost place in the program that calls us, or `NOWHERE`."""
    for frame in callers(sys._getframe(1)):  # noqa: SLF001 the one way to a caller's line
        code = frame.f_code
        if is_user_file(code.co_filename):
            return Site(code.co_filename, frame.f_lineno, code.co_qualname)
    return NOWHERE

"""Requests that queue when the pool is closed must end with an error of the library.

Found in httpcore 0.17.0 on trio 0.22.2; mended in 0.17.1: closing emptied the pool's lists, and a
request that woke later could not find itself in them.
"""

from __future__ import annotations

import trio
from echo_server import Server, httpcore

PATIENCE_S = 5.0
BEFORE_CLOSING = 30  # checkpoints: the first request is on its way then


async def main() -> None:
    """Close a pool of one connection while three requests use it or wait for it."""
    pool = httpcore.AsyncConnectionPool(max_connections=1, network_backend=Server(close=False))
    bugs: list[Exception] = []

    async def fetch(number: int) -> None:
        try:
            url = f"http://shop-{number}.example/"
            await pool.request("GET", url, extensions={"timeout": {"pool": PATIENCE_S}})
        except (LookupError, ValueError, AttributeError, AssertionError) as error:
            bugs.append(error)
        except Exception:  # noqa: BLE001 closed or timed out: what a user has to expect
            pass

    async def shut_down() -> None:
        for _ in range(BEFORE_CLOSING):
            await trio.lowlevel.checkpoint()
        await pool.aclose()

    async with trio.open_nursery() as nursery:
        for number in range(3):
            nursery.start_soon(fetch, number)
        nursery.start_soon(shut_down)
    assert not bugs, f"the pool stumbled: {bugs[0]!r}"

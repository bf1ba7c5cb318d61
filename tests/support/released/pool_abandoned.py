"""A request that is given up while it queues must leave its place in the pool.

Found in httpcore 1.0.9 on trio 0.31.0, the last release, where nobody has mended it; mended in its
fork httpcore2 2.6.0: the connection that was being handed over stayed in use for ever.
"""

from __future__ import annotations

import trio
from echo_server import Server, httpcore


async def main() -> None:
    """Queue a request behind another and give it up; then the pool must be idle."""
    server = Server(close=True)
    pool = httpcore.AsyncConnectionPool(max_connections=1, network_backend=server)
    patience = trio.CancelScope()

    async def fetch() -> None:
        await pool.request("GET", "http://shop.example/patient")

    async def fetch_and_give_up() -> None:
        with patience:
            await pool.request("GET", "http://shop.example/impatient")

    async def give_up() -> None:
        await trio.lowlevel.checkpoint()
        patience.cancel()

    async with trio.open_nursery() as nursery:
        for task in (fetch, fetch_and_give_up, give_up):
            nursery.start_soon(task)
    stuck = [one for one in pool.connections if not (one.is_idle() or one.is_closed())]
    assert not stuck, f"{len(stuck)} connection in use, and nobody uses it"

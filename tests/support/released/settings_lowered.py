"""A server may lower the number of streams while requests are under way.

Found in httpcore 1.0.9 on trio 0.31.0, the last release, where nobody has mended it; mended in its
fork httpcore2 2.14.0: whoever reads the new limit waits for streams to end, and nobody reads on.
"""

from __future__ import annotations

import trio
from echo_server import Backend, Stream, httpcore
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived, StreamEnded
from h2.settings import SettingCodes, Settings

LIMIT = SettingCodes.MAX_CONCURRENT_STREAMS
BEFORE, AFTER = 10, 1
REQUESTS = 3


class Connection(Stream):
    """A server that speaks HTTP/2 by h2; its second request makes it careful."""

    def __init__(self) -> None:
        self.h2 = H2Connection(H2Configuration(client_side=False))
        self.h2.local_settings = Settings(client=False, initial_values={LIMIT: BEFORE})
        self.h2.initiate_connection()
        self.requests = 0
        self.ready: list[int] = []
        self.outgoing = bytearray(self.h2.data_to_send())
        self.something = trio.Event()

    async def write(self, buffer: bytes, *_: object, **__: object) -> None:
        """Take what the client sends."""
        await trio.lowlevel.checkpoint()
        for event in self.h2.receive_data(buffer):
            if isinstance(event, RequestReceived):
                self.requests += 1
                if self.requests == 2:
                    self.h2.update_settings({LIMIT: AFTER})
            elif isinstance(event, StreamEnded):
                self.ready.append(event.stream_id)
        self.outgoing += self.h2.data_to_send()
        self.something.set()

    async def read(self, max_bytes: int, *_: object, **__: object) -> bytes:
        """Return what the server has to say; it answers one request each time."""
        await trio.lowlevel.checkpoint()
        while not self.outgoing:
            if self.ready:
                stream = self.ready.pop(0)
                self.h2.send_headers(stream, [(":status", "200")])
                self.h2.send_data(stream, b"here", end_stream=True)
                self.outgoing += self.h2.data_to_send()
            else:
                self.something = trio.Event()
                await self.something.wait()
                await trio.lowlevel.checkpoint()
        said = bytes(self.outgoing)
        self.outgoing.clear()
        return said

    async def aclose(self) -> None:
        """Hang up."""
        await trio.lowlevel.checkpoint()

    def get_extra_info(self, info: str) -> bool | None:
        """Say that nothing unexpected can be read."""
        return False if info == "is_readable" else None


class Server(Backend):
    """Accepts every connection."""

    async def connect_tcp(self, *_: object, **__: object) -> Connection:
        """Connect."""
        await trio.lowlevel.checkpoint()
        return Connection()


async def main() -> None:
    """Make three requests at once over one connection; the server answers all it gets."""
    pool = httpcore.AsyncConnectionPool(
        http1=False, http2=True, max_connections=1, network_backend=Server()
    )
    answers: list[bytes] = []

    async def fetch(number: int) -> None:
        response = await pool.request("GET", f"http://shop.example/{number}")
        answers.append(response.content)

    async with trio.open_nursery() as nursery:
        for number in range(REQUESTS):
            nursery.start_soon(fetch, number)
    assert answers == [b"here"] * REQUESTS

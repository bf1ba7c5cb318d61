"""A server in memory for httpcore: it answers each request with its path, without a socket."""

from __future__ import annotations

import trio

try:
    import httpcore
except ImportError:  # the fork in which the bugs are mended
    import httpcore2 as httpcore

try:  # public since 0.17.3
    Backend, Stream = httpcore.AsyncNetworkBackend, httpcore.AsyncNetworkStream
except AttributeError:
    from httpcore.backends.base import AsyncNetworkBackend as Backend
    from httpcore.backends.base import AsyncNetworkStream as Stream

END = b"\r\n\r\n"


class Connection(Stream):
    """What the client sees of one connection; each operation passes a checkpoint, as a socket's."""

    def __init__(self, *, close: bool) -> None:
        self.header = b"Connection: close\r\n" if close else b""
        self.asked = b""
        self.answers: list[bytes] = []
        self.is_closed = False
        self.something = trio.Event()

    async def write(self, buffer: bytes, *_: object, **__: object) -> None:
        """Take bytes of requests; answer those that are complete."""
        await trio.lowlevel.checkpoint()
        *requests, self.asked = (self.asked + buffer).split(END)
        for request in requests:
            path = request.split(b" ")[1]
            head = b"HTTP/1.1 200 OK\r\n%bContent-Length: %d" % (self.header, len(path))
            self.answers += [head + END, path]
            self.something.set()

    async def read(self, max_bytes: int, *_: object, **__: object) -> bytes:
        """Return the next piece of an answer, once there is one."""
        await trio.lowlevel.checkpoint()
        while not self.answers:
            self.something = trio.Event()
            await self.something.wait()
        return self.answers.pop(0)

    async def aclose(self) -> None:
        """Hang up."""
        self.is_closed = True
        await trio.lowlevel.checkpoint()

    def get_extra_info(self, info: str) -> bool | None:
        """Say that a closed connection can be read from, as the end of the stream can."""
        return self.is_closed if info == "is_readable" else None


class Server(Backend):
    """Accepts every connection. close: it hangs up after each answer."""

    def __init__(self, *, close: bool) -> None:
        self.close = close

    async def connect_tcp(self, *_: object, **__: object) -> Connection:
        """Connect."""
        await trio.lowlevel.checkpoint()
        return Connection(close=self.close)

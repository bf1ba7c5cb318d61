"""The wire between an unmodified httpx client and a stub: time-outs and broken answers."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx

from raceexplore.sim.hosts.wire import Unreachable, span, wire_of
from raceexplore.sim.http.reply import Fault
from raceexplore.sim.http.request import Request, lowered

if TYPE_CHECKING:
    from raceexplore.sim.http.stub import Answer, Stub

# What httpx raises when a real server does so (httpx 0.28 on httpcore 1.0, tested against one).
BROKEN: dict[Fault, tuple[type[httpx.TransportError], str]] = {
    Fault.RESET: (httpx.ReadError, "[Errno 104] Connection reset by peer"),
    Fault.EMPTY: (httpx.RemoteProtocolError, "Server disconnected without sending a response."),
    Fault.GARBAGE: (httpx.RemoteProtocolError, "illegal status line: bytearray(b'garbage')"),
    Fault.MALFORMED: (
        httpx.RemoteProtocolError,
        "peer closed connection without sending complete message body (incomplete chunked read)",
    ),
}


class StubTransport(httpx.AsyncBaseTransport):
    """Answers an httpx client's requests from one stub, whatever host they name."""

    def __init__(self, stub: Stub) -> None:
        self._stub = stub

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the stub's response. Raises what httpx raises for time-outs and broken answers."""
        body = await request.aread()
        pairs = [(name.decode(), value.decode()) for name, value in request.headers.raw]
        sent = Request(request.method, request.url.raw_path.decode(), lowered(pairs), body)
        waits = _Waits(self._stub, request)
        with span(self._stub.world, self._stub.name, lambda: str(sent)) as call:
            try:
                await call.cross(len(sent.url) + len(body))
            except Unreachable:
                unknown = "[Errno -3] Temporary failure in name resolution"
                raise httpx.ConnectError(unknown, request=request) from None
            answer = self._troubled(await self._stub.answer(sent))
            call.done()
            await waits.pass_time(answer.delay_s)
            await call.back()
        if answer.fault in (Fault.RESET, Fault.EMPTY, Fault.GARBAGE):
            raise waits.broken(answer.fault)
        return httpx.Response(
            answer.status,
            headers=[*answer.headers],
            stream=_Body(answer, waits),
            request=request,
        )

    def _troubled(self, answer: Answer) -> Answer:
        """Return the answer as chaos lets it through."""
        world, name = self._stub.world, self._stub.name
        wire = wire_of(world)
        for trouble in wire.http(name) if wire.on else ():
            if trouble.delay is not None:
                delay_s = trouble.delay.draw(world, f"chaos answers {name}")
                answer = replace(answer, delay_s=answer.delay_s + delay_s)
            if trouble.reset:
                answer = replace(answer, fault=Fault.RESET)
            if trouble.status is not None:
                answer = replace(answer, status=trouble.status)
            if trouble.body is not None:
                answer = replace(answer, parts=((0.0, trouble.body.encode()),))
        return answer


class _Body(httpx.AsyncByteStream):
    """The body, in the pieces and at the moments that the answer says."""

    def __init__(self, answer: Answer, waits: _Waits) -> None:
        self._answer = answer
        self._waits = waits

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._answer.fault is Fault.MALFORMED:
            yield b"lskdu018973t09sylgasjkfg1][]'./.sdlv"
            raise self._waits.broken(Fault.MALFORMED)
        for seconds, part in self._answer.parts:
            if seconds:
                await self._waits.pass_time(seconds)
            yield part


class _Waits:
    """Waits for the stub no longer than the client's read time-out."""

    def __init__(self, stub: Stub, request: httpx.Request) -> None:
        self._world = stub.world
        self._request = request
        timeouts = request.extensions.get("timeout", {})
        read_s = timeouts.get("read")
        self._most_s = math.inf if read_s is None else float(read_s)

    async def pass_time(self, seconds: float) -> None:
        """Let ``seconds`` pass. Raises `httpx.ReadTimeout` if the client would not wait so long."""
        if seconds > self._most_s:
            await self._world.sleep(self._most_s)
            raise httpx.ReadTimeout("", request=self._request)
        await self._world.sleep(seconds)

    def broken(self, fault: Fault) -> httpx.TransportError:
        """Return what httpx raises for ``fault``."""
        kind, message = BROKEN[fault]
        return kind(message, request=self._request)

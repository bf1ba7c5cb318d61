"""W4: each fault raises in the client what a real server's doing so raises."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import httpx
import pytest
import trio

from raceexplore import World
from raceexplore.sim.http import Fault, Stub
from simulated import passed

Serve = Callable[[trio.SocketStream], Awaitable[None]]


async def reset(stream: trio.SocketStream) -> None:
    # SO_LINGER 0: what is not acknowledged is thrown away, and the peer gets a RST
    stream.setsockopt(trio.socket.SOL_SOCKET, trio.socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


async def empty(_: trio.SocketStream) -> None:
    pass


async def garbage(stream: trio.SocketStream) -> None:
    await stream.send_all(b"garbage\r\n\r\n")


async def malformed(stream: trio.SocketStream) -> None:
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    await stream.send_all(head + b"5\r\nabc")


REAL = {
    Fault.RESET: reset,
    Fault.EMPTY: empty,
    Fault.GARBAGE: garbage,
    Fault.MALFORMED: malformed,
}


def real_error(serve: Serve) -> BaseException:
    """Return what an httpx client raises whose server does ``serve`` and then closes."""

    async def answer(stream: trio.SocketStream) -> None:
        await stream.receive_some(65_536)
        await serve(stream)
        await stream.aclose()

    async def main() -> BaseException:
        async with trio.open_nursery() as nursery:
            serving = partial(trio.serve_tcp, answer, 0, host="127.0.0.1")
            listeners = await nursery.start(serving)
            port = listeners[0].socket.getsockname()[1]
            async with httpx.AsyncClient(trust_env=False) as http:
                with pytest.raises(httpx.TransportError) as caught:
                    await http.get(f"http://127.0.0.1:{port}/")
            nursery.cancel_scope.cancel()
        return caught.value

    return trio.run(main)


def simulated_error(fault: Fault) -> BaseException:
    errors: list[BaseException] = []

    async def program(world: World) -> None:
        stub = Stub(world, "s")
        stub.on().reply(fault=fault)
        async with httpx.AsyncClient(transport=stub.transport()) as http:
            with pytest.raises(httpx.TransportError) as caught:
                await http.get("http://shop/")
        errors.append(caught.value)

    passed(program)
    return errors[0]


@pytest.mark.parametrize("fault", list(Fault))
def test_w4_a_fault_raises_what_a_real_server_makes_httpx_raise(fault: Fault) -> None:
    real, simulated = real_error(REAL[fault]), simulated_error(fault)
    assert type(simulated) is type(real)
    if fault is not Fault.RESET:  # the operating system's words, lost on the way up
        assert str(simulated) == str(real)

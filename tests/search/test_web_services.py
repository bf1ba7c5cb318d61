"""An MCP client and server over memory streams: the race is found, and its cure is clean."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from raceexplore import Settings, explore

mcp: Any = pytest.importorskip("mcp")
mcp_server: Any = pytest.importorskip("mcp.server")


def shop(*, safe: bool) -> Any:
    server, stock, lock = mcp_server.MCPServer("shop"), [1], asyncio.Lock()

    async def sell() -> bool:
        if not stock:
            return False
        await asyncio.sleep(0.01)  # the payment
        stock.pop()
        return True

    @server.tool()  # type: ignore[untyped-decorator]
    async def buy() -> bool:
        if not safe:
            return await sell()
        async with lock:
            return await sell()

    return server


def program(*, safe: bool) -> Callable[[], Coroutine[Any, Any, None]]:
    async def main() -> None:
        async with mcp.Client(shop(safe=safe)) as client:
            calls = [client.call_tool("buy", {}) for _ in range(2)]
            answers = await asyncio.gather(*calls)
            assert not any(answer.is_error for answer in answers)

    return main


@pytest.mark.parametrize(("safe", "found"), [(False, ["AssertionError"]), (True, [])])
def test_a_tool_that_sells_the_last_item_twice_is_found(safe: bool, found: list[str]) -> None:
    campaign = explore(
        program(safe=safe),
        budget=20,
        observe=False,
        shrink=False,
        explain=False,
        settings=Settings(runtime="asyncio"),
    )
    assert [failure.kind for failure in campaign.failures] == found

"""Observation looks at no object by running its code: what is built on first look stays unbuilt."""

from __future__ import annotations

from pathlib import Path

import pytest

from command import Rx

# Objects that a service has and a scenario does not use: each complains once it is looked at.
LAZY = {
    "a class that builds its schema on first look": """
class Lazy:
    def __getattr__(self, name):
        raise RuntimeError(f"built for {name}")


class Order:
    schema = Lazy()
""",
    "a class whose parts are not defined yet": """
class Unfinished(type):
    def __getattr__(cls, name):
        raise RuntimeError(f"{cls.__name__} is not fully defined")

    def __dir__(cls):
        raise RuntimeError("nor can it say what it has")


class Order(metaclass=Unfinished):
    pass
""",
    "a property of a module's object": """
class Settings:
    @property
    def __dict__(self):
        raise RuntimeError("settings are not configured")

    def __repr__(self):
        raise RuntimeError("settings are not configured")


settings = Settings()
""",
}
PROGRAM = """
import trio
{lazy}

async def main():
    orders = []

    async def place(customer):
        known = len(orders)
        await trio.sleep(0)
        orders.append(customer)
        assert len(orders) == known + 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(place, "ann")
        nursery.start_soon(place, "bob")
"""


@pytest.mark.parametrize("lazy", LAZY.values(), ids=LAZY)
def test_what_nobody_uses_is_not_looked_at(rx: Rx, tmp_path: Path, lazy: str) -> None:
    (tmp_path / "shop.py").write_text(PROGRAM.format(lazy=lazy))
    told = rx("run", "shop.py")
    assert told.status == 1
    assert told.err == ""
    assert "Check-then-act: place#1 read main.orders = []" in told.out
    assert "RuntimeError" not in told.out

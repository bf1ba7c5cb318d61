"""`raceexplore new` writes models and tests that run as they stand."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from command import Rx
from raceexplore.kernel.errors import BadProgram
from raceexplore.search.programs.first_model import skeleton

SHOP = """
from __future__ import annotations
import trio

class Stock:
    def __init__(self, count: int, name: str = "x") -> None:
        self.count = count

    async def take(self, number: int) -> None:
        await trio.sleep(1)
        self.count -= number

    async def put(self, number: int, *, reason: str) -> None:
        self.count += number

    async def _audit(self) -> None:
        raise AssertionError

async def checkout(world, order: dict[str, int], retry: bool = False) -> None:
    await trio.sleep(world.pick("wait", [1, 2]))

def plain() -> None:
    pass
"""
MODEL = '''"""A first model of Stock: concurrent calls. Written by `raceexplore new`."""

from functools import partial

import trio

from shop import Stock


async def main():
    """Call Stock from tasks at once; raceexplore run explores this."""
    stock = Stock(1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stock.take, 1)
        nursery.start_soon(partial(stock.put, 1, reason="a"))
        nursery.start_soon(stock.take, 2)
    # TODO: assert what must hold whatever the order was, e.g. that nothing was sold twice
'''


def test_a_model_of_a_class_calls_its_async_methods_at_once(rx: Rx) -> None:
    ended = rx("new", "shop.py:Stock", shop=SHOP)
    assert (ended.status, ended.out) == (0, MODEL)
    assert rx("run", "model.py", "--budget", "50", model=ended.out).status == 0


def test_a_model_of_a_function_gets_the_world_and_plain_values(rx: Rx) -> None:
    text = rx("new", "shop.py:checkout", shop=SHOP).out
    assert "async def main(world):" in text
    assert text.count("nursery.start_soon(checkout, world, {})") == 2
    assert rx("run", "model.py", "--budget", "50", model=text).status == 0


@pytest.mark.parametrize("name", ["Stock", "checkout"])
def test_a_test_runs_and_passes_as_it_stands(tmp_path: Path, name: str) -> None:
    (tmp_path / "shop.py").write_text(SHOP)
    text = skeleton(f"{tmp_path / 'shop.py'}:{name}", test=True)
    (tmp_path / "test_first.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:asyncio", "-p", "no:cacheprovider"]
    path = ":".join(part or str(Path.cwd()) for part in sys.path)
    done = subprocess.run(
        [*command, "test_first.py"],
        cwd=tmp_path, env={"PYTHONPATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_what_cannot_be_written_about_is_refused_in_words(rx: Rx, tmp_path: Path) -> None:
    for name, words in [
        ("shop.py:plain", "is no async function, and no class with async methods"),
        ("shop.py:nothing", "is no async function"),
        ("shop.py", "write pkg.module:name"),
        ("no.such.module:x", "no.such.module does not exist, neither as a file nor as a module"),
    ]:
        ended = rx("new", name, shop=SHOP)
        assert ended.status == 2
        assert words in ended.err
    with pytest.raises(BadProgram, match="does not exist"):
        skeleton("nowhere.py:x")

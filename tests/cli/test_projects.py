"""Projects as people lay them out: each is run as it stands, seen as a whole, and replayed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from command import Rx

STOCK = """
import trio

class Stock:
    def __init__(self):
        self.left = 1

    async def sell(self, till):
        if self.left:
            await trio.sleep(0)
            self.left -= 1
            till.add(1)
"""
TILL = """
class Till:
    def __init__(self):
        self.sum = 0

    def add(self, amount):
        self.sum += amount
"""
APP = """
import trio
from .stock import Stock
from till.book import Till

async def main():
    await Evening().busy()

class Evening:
    def __init__(self):
        self.stock, self.till = Stock(), Till()

    async def busy(self):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.stock.sell, self.till)
            nursery.start_soon(self.stock.sell, self.till)
        assert self.stock.left >= 0, "sold twice"
"""
SHOP = {
    "src/shop/__init__.py": "",
    "src/shop/stock.py": STOCK,
    "src/shop/app.py": APP,
    "src/shop/__main__.py": "import sys, trio\nfrom .app import main\nsys.exit(trio.run(main))\n",
    "src/till/__init__.py": "",
    "src/till/book.py": TILL,
}
CAUSE = "read Stock.left = 1 (step 1, stock.py:9)"  # in the module that the program imports


def lay_out(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


@pytest.fixture(autouse=True)
def _shop(tmp_path: Path) -> None:
    lay_out(tmp_path, SHOP)


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("src/shop/app.py", "src/shop/app.py:main"),
        ("shop.app:main", "src/shop/app.py:main"),
        ("shop.app:Evening.busy", "src/shop/app.py:Evening.busy"),
        ("src/shop/app.py:Evening.busy", "src/shop/app.py:Evening.busy"),
        ("shop", "src/shop/__main__.py:main"),
    ],
)
def test_packages_in_src_run_and_are_seen_as_a_whole(rx: Rx, reference: str, name: str) -> None:
    ended = rx("run", reference)
    assert ended.status == 1
    assert ended.out.startswith(f"FAIL  {name}  AssertionError: sold twice\n")
    assert CAUSE in ended.out
    (kept,) = Path("corpus").glob("*.json")
    again = rx("replay", str(kept))
    assert (again.status, CAUSE in again.out) == (1, True)
    assert "reproduced exactly" in again.out


def test_minus_m_runs_a_module_as_python_does(rx: Rx) -> None:
    assert rx("run", "-m", "shop").out.startswith("FAIL  src/shop/__main__.py:main  ")
    assert rx("run", "-m", "shop.app:Evening.busy").status == 1
    wrong = rx("run", "-m", "shops")
    assert wrong.status == 2
    assert wrong.err == "error: shops does not exist, neither as a file nor as a module\n"


def test_a_package_without_init_is_one_if_its_modules_import_each_other(
    rx: Rx, tmp_path: Path
) -> None:
    app = APP.replace("till.book", ".book")
    lay_out(
        tmp_path, {"acme/inn/stock.py": STOCK, "acme/inn/book.py": TILL, "acme/inn/app.py": app}
    )
    ended = rx("run", "acme/inn/app.py")
    assert ended.out.startswith("FAIL  acme/inn/app.py:main  ")
    assert CAUSE in ended.out


def test_what_is_installed_for_development_is_observed(rx: Rx, tmp_path: Path) -> None:
    """The finder that setuptools installs: the library is in no folder of the path."""
    lay_out(tmp_path, {"elsewhere/stocklib/__init__.py": STOCK})
    lay_out(tmp_path, {"flat.py": APP.replace("from .stock", "from stocklib")})
    finder = Development({"stocklib": tmp_path / "elsewhere/stocklib/__init__.py"})
    sys.meta_path.append(finder)
    try:
        ended = rx("run", "flat.py")
    finally:
        sys.meta_path.remove(finder)
    assert "read Stock.left = 1 (step 1, __init__.py:9)" in ended.out


class Development:
    """Finds the modules that a mapping names."""

    def __init__(self, places: dict[str, Path]) -> None:
        self.places = places

    def find_spec(self, name: str, path: object, target: object = None) -> object:
        from importlib.util import spec_from_file_location

        return spec_from_file_location(name, self.places[name]) if name in self.places else None


WRAPPED = """
import functools
import trio

def retry(function):
    async def wrapper():
        return await function()
    return wrapper

class Counter:
    def __init__(self):
        self.value = 0

    async def add(self):
        seen = self.value
        await trio.sleep(0)
        self.value = seen + 1

async def add_twice(times):
    counter = Counter()
    async with trio.open_nursery() as nursery:
        for _ in range(times):
            nursery.start_soon(counter.add)
    assert counter.value == times

@retry
async def main():
    await add_twice(2)

def make(times):
    async def run():
        await add_twice(times)
    return run

made = make(3)
partial = functools.partial(add_twice, 2)

class Service:
    async def run(self):
        await add_twice(2)

    async def __call__(self):
        await add_twice(2)

bound = Service().run
called = Service()
"""


@pytest.mark.parametrize("name", ["main", "made", "partial", "bound", "called", "Service.run"])
def test_a_program_is_called_what_the_user_called_it_by(rx: Rx, name: str) -> None:
    ended = rx("run", f"wrapped.py:{name}", "--scheduler", "random", wrapped=WRAPPED)
    assert ended.out.startswith(f"FAIL  wrapped.py:{name}  AssertionError\n")
    assert "Lost update: add#" in ended.out
    seed = ended.out.partition("replay rx1-")[2].split()[0]
    assert rx("replay", f"rx1-{seed}").status == 1
    (kept,) = Path("corpus").glob("*.json")
    assert rx("replay", str(kept)).status == 1
    assert rx("run", f"wrapped.py:{name}").status == 1  # dpor loads its observed copy


def test_an_instance_that_outlives_a_run_is_named(rx: Rx) -> None:
    counting = WRAPPED + (
        "class Inn:\n"
        "    guests = 0\n"
        "    async def open(self):\n"
        "        self.guests += 1\n"
        "        await trio.sleep(0)\n"
        "        assert self.guests < 3\n"
        "inn = Inn().open\n"
    )
    ended = rx("run", "wrapped.py:inn", wrapped=counting)
    assert ended.status == 4
    assert "the Inn that it is bound to changed" in ended.err


def test_a_method_whose_class_needs_arguments_is_refused_in_one_line(rx: Rx) -> None:
    text = "class Inn:\n    def __init__(self, beds): pass\n    async def open(self): pass\n"
    ended = rx("run", "inn.py:Inn.open", inn=text)
    assert ended.status == 2
    assert ended.err == (
        "error: inn.py:Inn.open needs an instance, and Inn takes arguments: write an async function"
        " that makes one and calls it\n"
    )


def test_a_script_that_starts_itself_is_not_run_when_it_is_imported(rx: Rx) -> None:
    script = WRAPPED + "\nprint('before')\ntrio.run(add_twice, 2)\n"
    ended = rx("run", "script.py", script=script)
    assert ended.status == 1
    assert ended.out.startswith("FAIL  script.py")
    (kept,) = Path("corpus").glob("*.json")
    assert rx("replay", str(kept)).status == 1


@pytest.mark.parametrize(
    ("package", "why"),
    [
        ("nosuchpkg", "there is no package of that name"),
        ("no such", "there is no package of that name"),
        ("trio", "trio is what raceexplore runs programs on, and its primitives are known to it"),
        ("collections", "it is part of Python"),
        ("raceexplore", "raceexplore does not observe itself"),
    ],
)
def test_what_cannot_be_observed_is_wrong_usage(rx: Rx, package: str, why: str) -> None:
    ended = rx("run", "src/shop/app.py", "--observe", package)
    assert ended.status == 2
    assert ended.err == f"error: {package} cannot be observed: {why}\n"


def test_what_was_observed_is_kept_with_a_failure(
    rx: Rx, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(tmp_path, {"site-packages/stocklib.py": STOCK})
    monkeypatch.syspath_prepend(tmp_path / "site-packages")
    (tmp_path / "flat.py").write_text(APP.replace("from .stock", "from stocklib"))
    assert "Stock.left = 1" not in rx("run", "flat.py", "--corpus", "blind").out
    ended = rx("run", "flat.py", "--observe", "stocklib")
    assert "read Stock.left = 1" in ended.out
    assert " --observe stocklib\n" in ended.out  # a seed does not say it, so the command does
    (kept,) = Path("corpus").glob("*.json")
    assert "read Stock.left = 1" in rx("replay", str(kept), "--explain").out
    assert "Stock#1.left = 1" in rx("show", str(kept), "--step", "2").out
    (blind,) = Path("blind").glob("*.json")
    assert (
        "read Stock.left = 1" in rx("replay", str(blind), "--observe", "stocklib", "--explain").out
    )


BY_NAME = """
import anyio

class Purse:
    coins = 0

async def earn(purse, coins):
    seen = purse.coins
    await anyio.sleep(0)
    purse.coins = seen + coins

async def main():
    purse = Purse()
    async with anyio.create_task_group() as group:
        group.start_soon(earn, purse, 1)
        group.start_soon(earn, purse, 2)
    assert purse.coins == 3
"""


def test_a_library_that_calls_tasks_by_their_module_sees_the_same_name_when_observed(
    rx: Rx,
) -> None:
    ended = rx("run", "purses.py", purses=BY_NAME)
    assert "Lost update: purses.earn read Purse.coins = 0 (step 1, line 8)" in ended.out

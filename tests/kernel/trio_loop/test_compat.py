"""A trio that lacks what the loop needs is refused by name; the table of needs is complete."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import trio

from command import Rx
from house import ROOT
from raceexplore import Replay, UnsupportedTrio, explore, run_once
from raceexplore.kernel.trio_loop.compat import NEEDS, OPTIONAL, RUN, SENDERS, check_trio, threads

ROOM = ROOT / "src/raceexplore/kernel/trio_loop"
TABLE = [(module, name) for module, names in NEEDS.items() for name in names.split()]


async def program() -> None:
    await trio.lowlevel.checkpoint()


@pytest.fixture(autouse=True)
def unchecked() -> Iterator[None]:
    check_trio.cache_clear()
    yield
    check_trio.cache_clear()


def rename(module: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a class, function, method or attribute another name, as a new trio might."""
    owner, _, last = name.rpartition(".")
    kind: Any = getattr(import_module(module), owner) if owner else import_module(module)
    for holder in (kind, type(kind)):
        if last in vars(holder):
            monkeypatch.setattr(holder, f"{last}_renamed", vars(holder)[last], raising=False)
            monkeypatch.delattr(holder, last)
            return
    code = kind.__init__.__code__  # an attribute that instances get when they are made
    assert last in code.co_names
    names = tuple(f"{n}_renamed" if n == last else n for n in code.co_names)
    monkeypatch.setattr(kind.__init__, "__code__", code.replace(co_names=names))


@pytest.mark.parametrize(("module", "name"), TABLE, ids=[name for _, name in TABLE])
def test_a_trio_without_a_name_of_the_table_is_refused_by_that_name(
    module: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        rename(module, name, patched)
        with pytest.raises(UnsupportedTrio, match=rf"this one lacks .*\b{name}\b"):
            run_once(program, Replay())
        with pytest.raises(UnsupportedTrio, match=rf"this one lacks .*\b{name}\b"):
            explore(program, budget=1)
    assert run_once(program, Replay()).outcome == "passed"


def test_the_command_says_what_trio_lacks_and_blames_no_program(
    rx: Rx, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "import trio\n\n\nasync def main():\n    await trio.sleep(1)\n"
    with monkeypatch.context() as patched:
        rename(RUN, "CancelScope._close", patched)
        ended = rx("run", "nap.py", nap=text)
    assert ended.status == 4
    assert ended.err.startswith("error: trio ")
    assert "this one lacks CancelScope._close" in ended.err


def test_a_trio_whose_threads_cannot_be_answered_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sender = next(name for name in SENDERS if hasattr(threads, name))
    monkeypatch.delattr(threads, sender)
    with pytest.raises(UnsupportedTrio, match=SENDERS[0]):
        check_trio()


def private_names(path: Path) -> Iterator[str]:
    """Yield the private attributes that a file asks of objects that are not its own."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "attrgetter":
            yield from (str(argument.value) for argument in node.args)  # type: ignore[attr-defined]
        if not isinstance(node, ast.Attribute) or not node.attr.startswith("_"):
            continue
        own = isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}
        if not own and not node.attr.startswith("__"):
            yield node.attr


def parts(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the (module, name) that a file fetches of trio's modules."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "_part":
            module, name = (ast.unparse(argument) for argument in node.args[:2])
            yield RUN if module == "RUN" else ast.literal_eval(module), ast.literal_eval(name)


def test_each_part_of_trio_that_the_room_fetches_is_in_the_table() -> None:
    known = {(module, name) for module, names in [*NEEDS.items(), *OPTIONAL.items()]
             for name in names.split()}  # fmt: skip
    assert set(parts(ROOM / "compat.py")) - known == {(RUN, "sniffio_library")}


def test_each_private_name_that_the_room_uses_is_in_the_table() -> None:
    known = {
        name.rpartition(".")[2]
        for names in [*NEEDS.values(), *OPTIONAL.values()]
        for name in names.split()
    }
    used = {name for path in sorted(ROOM.glob("*.py")) for name in private_names(path)}
    assert used - known == set()
    assert {name for name in known if name.startswith("_")} - used == set()

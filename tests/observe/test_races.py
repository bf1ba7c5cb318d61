"""Two tasks race through one construct of Python: dpor must see it, as dfs does.

Each case of races.txt has a set-up in the program's main function (perhaps with code of the module
before it), what one task writes, and what the other reads as `seen`, its outcome. Cases whose name
starts with "relative" go through what cannot be seen: there the certificate must say so.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from raceexplore import Limits, Run, Settings, by_name, explore
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.search.programs.load import load_program
from raceexplore.toolbox import trace_key

TEXT = Path(__file__).with_name("races.txt").read_text(encoding="utf-8")
PARTS = [part.partition("\n") for part in TEXT.split("## ")[1:]]
CASES = {name: [bit.strip("\n") for bit in body.split("---\n")] for name, _, body in PARTS}
SEEN = {name: case for name, case in CASES.items() if not name.startswith("relative ")}
UNSEEN = {name: case for name, case in CASES.items() if name.startswith("relative ")}
BESIDE = ["shared_box", "shared_state"]
FOLDER = Path(__file__).parent.parent / "support" / "beside"
ORDERS = [("writer", "reader"), ("reader", "writer")]

TEMPLATE = """\
import trio
{module}


async def main(world):
    told = {{}}
{setup}

    async def writer():
{write}

    async def reader():
{read}
        told["seen"] = repr(seen)

    async with trio.open_nursery() as nursery:
        nursery.start_soon({first}, name="first")
        nursery.start_soon({second}, name="second")
    world.event("end", seen=told["seen"])
"""


@pytest.fixture(autouse=True)
def modules_beside(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(FOLDER)
    yield
    for name in BESIDE:
        sys.modules.pop(name, None)


def program(case: list[str], order: tuple[str, str]) -> str:
    module, setup, write, read = case if len(case) == 4 else ["", *case]
    return TEMPLATE.format(
        module=module,
        setup=textwrap.indent(setup, " " * 4),
        write=textwrap.indent(write, " " * 8),
        read=textwrap.indent(read, " " * 8),
        first=order[0],
        second=order[1],
    )


def runs(path: Path, scheduler: str) -> list[Run]:
    under_test, chooser = load_program(str(path), BESIDE), by_name(scheduler)
    found: list[Run] = []
    while chooser.begin():
        found.append(observed_run(under_test, chooser, limits=Limits(), settings=Settings()))
        chooser.end(found[-1])
        assert len(found) < 500
    return found


def outcome(run: Run) -> str:
    notes = [note for event in run.events for note in event.notes]
    return repr((run.outcome, run.failure and run.failure.message, notes))


@pytest.mark.parametrize("order", ORDERS, ids=["writer first", "reader first"])
@pytest.mark.parametrize("name", SEEN)
def test_a_race_through_any_construct_is_seen(
    tmp_path: Path, name: str, order: tuple[str, str]
) -> None:
    path = tmp_path / "racing.py"
    path.write_text(program(SEEN[name], order))
    by_dfs, by_dpor = runs(path, "dfs"), runs(path, "dpor")
    outcomes = {outcome(run) for run in by_dfs}
    assert len(outcomes) > 1
    assert {outcome(run) for run in by_dpor} == outcomes
    assert sorted(trace_key(r.events) for r in by_dpor) == sorted(
        {trace_key(r.events) for r in by_dfs}
    )
    kept: dict[int, str] = {}
    for run in by_dfs:
        assert kept.setdefault(trace_key(run.events), outcome(run)) == outcome(run)
    assert not any(event.opaque for run in by_dpor for event in run.events)


@pytest.mark.parametrize("order", ORDERS, ids=["writer first", "reader first"])
@pytest.mark.parametrize("name", UNSEEN)
def test_a_proof_is_relative_where_a_construct_cannot_be_seen(
    tmp_path: Path, name: str, order: tuple[str, str]
) -> None:
    path = tmp_path / "racing.py"
    path.write_text(program(UNSEEN[name], order))
    words = explore(load_program(str(path)), scheduler="dpor").certificate
    assert words[0].startswith("relative, so no proof: ")

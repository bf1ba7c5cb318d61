"""What makes a program not deterministic is named."""

from __future__ import annotations

import sys
from typing import Any

import pytest
import trio

from raceexplore import Limits, NotDeterministic, Replay, run_once
from raceexplore.kernel.program import Program
from raceexplore.search.campaign.selfcheck import check
from raceexplore.search.campaign.suspects import scattered, snapshot


def program(namespace: dict[str, Any]) -> Program:
    source = "async def main(): pass"
    exec(source, namespace)
    return Program(namespace["main"], "test:main")


class Keeper:
    kept: list[int] = []  # noqa: RUF012 the mistake that is looked for


def remember(value: int, seen: list[int] = []) -> None:  # noqa: B006 the mistake that is looked for
    seen.append(value)


class Thing:
    def __init__(self) -> None:
        self.inner = {"a": [1]}


@pytest.mark.parametrize(
    ("value", "change"),
    [
        ([1], lambda v: v.append(2)),
        ({"a": 1}, lambda v: v.update(a=2)),
        ({1}, lambda v: v.add(2)),
        (Keeper, lambda v: v.kept.append(1)),
        (remember, lambda v: v(1)),
        (Thing(), lambda v: v.inner["a"].append(2)),
    ],
    ids=["list", "dict", "set", "class attribute", "default argument", "object"],
)
def test_state_that_changes_is_seen(value: Any, change: Any) -> None:
    tested = program({"state": value})
    before = snapshot(tested, sys.modules)
    assert snapshot(tested, sys.modules) == before
    change(value)
    after = snapshot(tested, sys.modules)
    (name,) = [name for name in after if after[name] != before[name]]
    home = "" if isinstance(value, (list, dict, set, Thing)) else f" of {__name__}"
    assert name == (f"the global {value.__name__!r}{home}" if home else "the global 'state'")


def test_a_snapshot_runs_no_code_of_the_program() -> None:
    class Trap(dict[str, int]):
        def __repr__(self) -> str:
            raise AssertionError("run")

        __iter__ = items = __len__ = __eq__ = __hash__ = __repr__  # type: ignore[assignment]

    class Odd:
        def __getattr__(self, name: str) -> object:
            raise AssertionError("run")

    snapshot(program({"trap": Trap(a=1), "odd": Odd()}), sys.modules)


def test_a_cycle_ends() -> None:
    ring: list[Any] = []
    ring.append(ring)
    assert snapshot(program({"ring": ring}), sys.modules)["the global 'ring'"].startswith(
        "list(list("
    )


def test_ballast_differs_from_turn_to_turn() -> None:
    one, other = scattered(0), scattered(1)
    assert [len(b) for b in one] != [len(b) for b in other]  # type: ignore[arg-type]


class Pair:
    def __init__(self, name: str) -> None:
        self.name = name


def noticed(*, stir: bool) -> bool:
    async def by_id() -> None:  # a new one each time: what was stirred once is not stirred again
        async with trio.open_nursery() as nursery:
            for thing in sorted((Pair("a"), Pair("b")), key=id):
                nursery.start_soon(trio.lowlevel.checkpoint, name=thing.name)

    run = run_once(by_id, Replay(), record=True)
    try:
        check(run, Limits(), stir=stir)
    except NotDeterministic:
        return True
    return False


def test_an_order_of_two_ids_shows_itself_when_memory_is_stirred() -> None:
    # about 33 of 60 without stirring, where two objects often get the same places again
    assert sum(noticed(stir=True) for _ in range(60)) >= 51

"""The command show: the state after an event, as text and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

from command import Rx
from debugging import failure_of
from small_programs import BANK


def test_show_prints_every_task_its_variables_and_the_shared_values(rx: Rx, there: Path) -> None:
    ended = rx("show", failure_of(there, BANK), "--step", "3")
    assert ended.status == 0
    assert ended.out.replace(f"{there.resolve()}/", "").splitlines() == [
        "after event 3 of 6, of main/bob",
        "virtual time 0 s; next: main/ann",
        "",
        "main  waiting",
        "  bank.py:16 in main",
        "    bank = Bank(balance=80)",
        "    nursery = Nursery",
        "",
        "main/ann  ready",
        "  bank.py:10 in withdraw",
        "    bank = Bank(balance=80)",
        "    amount = 10",
        "    seen = 100",
        "",
        "main/bob  ended",
        "",
        "shared",
        "  Bank#3.balance = 80",
        "  Bank.balance = 100",  # that of the class
    ]


def test_show_gives_tools_json(rx: Rx, there: Path) -> None:
    value = json.loads(rx("show", failure_of(there, BANK), "--step", "1", "--json").out)
    assert (value["event"], value["task"], value["next"]) == (1, "main/ann", "main/bob")
    assert [(t["path"], t["state"]) for t in value["tasks"]] == [
        ("main", "waiting"), ("main/ann", "ready"), ("main/bob", "new")
    ]  # fmt: skip
    (frame,) = value["tasks"][1]["frames"]
    assert (frame["line"], frame["variables"]["seen"]) == (10, "100")


def test_show_refuses_an_event_that_is_not_there(rx: Rx, there: Path) -> None:
    ended = rx("show", failure_of(there, BANK), "--step", "6")
    assert (ended.status, ended.err) == (2, "error: --step 6: the events of this run are 0 to 5\n")

"""The command show: the state after an event, as text and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

from command import Rx
from debugging import failure_of
from raceexplore import Limits, Replay, Schedule, Settings, World
from raceexplore.kernel.program import as_program
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.search.observed.watched_run import watched_run
from raceexplore.search.programs.load import load_program
from small_programs import BANK, LEDGER


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


def test_show_tells_what_the_program_names_beside_its_tasks(rx: Rx, there: Path) -> None:
    failure = failure_of(there, LEDGER)
    ended = rx("show", failure, "--step", "3").out.splitlines()
    assert ended[ended.index("domain") :][:2] == ["domain", "  bank.balance = 10"]
    assert json.loads(rx("show", failure, "--step", "0", "--json").out)["domain"] == {
        "bank.balance": "50"
    }


def test_show_finds_the_first_event_after_which_an_expression_holds(rx: Rx, there: Path) -> None:
    failure = failure_of(there, LEDGER)
    ended = rx("show", failure, "--where", "bank.balance < 50")
    assert (ended.status, ended.out.splitlines()[0]) == (
        0, "bank.balance < 50: first after event 3"
    )  # fmt: skip
    # a variable of a task's, and what holds only for a while
    value = json.loads(rx("show", failure, "--where", "amount == 40", "--format", "json").out)
    assert (value["where"], value["event"], value["task"]) == ("amount == 40", 2, "main/bob")
    ended = rx("show", failure, "--where", "bank.balance == 7")
    assert (ended.status, ended.out) == (3, "bank.balance == 7: holds after no event\n")
    missing = "AttributeError: 'Bank' object has no attribute 'balnce'"
    ended = rx("show", failure, "--where", "bank.balnce == 7")
    assert (ended.status, ended.out) == (
        3,
        f"bank.balnce == 7: holds after no event ({missing})\n",
    )
    ended = rx("show", failure, "--where", "bank balance")
    assert (ended.status, ended.err) == (2, "error: --where bank balance: invalid syntax\n")


def test_show_lists_who_did_what_and_because_of_what(rx: Rx, there: Path) -> None:
    failure = failure_of(there, LEDGER)
    assert rx("show", failure, "--audit").out.splitlines() == [
        "    0         0 s  main      bank #1 Moved(amount=50)  (after -)",
        "                             writes bank = version 0 -> version 1",
        "    3         0 s  main/bob  bank #2 Moved(amount=-40)  (after 2)",
        "                             writes bank = version 1 -> version 2",
        "    4         0 s  main/ann  bank #3 Moved(amount=-30)  (after 1)",
        "                             writes bank = version 2 -> version 3",
        "    5         0 s  main      fails with AssertionError  (after 0, 3, 4)",
    ]


def test_undo_names_what_depends_on_an_event(rx: Rx, there: Path) -> None:
    failure = failure_of(there, BANK)
    assert rx("show", failure, "--undo", "3").out.splitlines() == [
        "undo 3, of main/bob: writes Bank#3.balance = 100 -> 80",
        "",
        "it cannot be undone alone; what depends on it:",
        "  event 4, of main/ann: writes Bank#3.balance",
        "  event 5, of main: was made possible by it",
    ]
    assert rx("show", failure, "--undo", "9").err == (
        "error: --undo 9: the events of this run are 0 to 5\n"
    )


def test_undo_of_an_entry_is_the_run_without_it(rx: Rx, there: Path) -> None:
    failure = failure_of(there, LEDGER)
    assert rx("show", failure, "--undo", "bank#2").out.splitlines() == [
        "undo bank#2, of main/bob: Moved(amount=-40)",
        "",
        "the run without it ends with:",
        "  bank.balance = 20",
    ]
    # without the deposit nobody withdraws
    assert rx("show", failure, "--undo", "bank#1").out.splitlines() == [
        "undo bank#1, of main: Moved(amount=50)",
        "",
        "it cannot be undone alone; what depends on it:",
        "  #2 Moved(amount=-40), of main/bob: the run without it lacks this",
        "  #3 Moved(amount=-30), of main/ann: the run without it lacks this",
        "",
        "the run without it ends with:",
        "  bank.balance = 0",
    ]
    for wrong, said in {
        "bank#4": "--undo bank#4: bank has the entries 1 to 3",
        "till#1": "--undo till: this run has no event log of that name; it has bank",
        "#1": "--undo is the number of an event, or like log#3, not #1",
        "bank": "--undo is the number of an event, or like log#3, not bank",
    }.items():
        assert rx("show", failure, "--undo", wrong).err == f"error: {said}\n"


def test_show_takes_one_question(rx: Rx, there: Path) -> None:
    failure = failure_of(there, BANK)
    told = "error: say what to show: one of --step, --where, --audit and --undo\n"
    assert rx("show", failure).err == told
    assert rx("show", failure, "--step", "1", "--audit").err == told


def test_to_look_at_a_state_changes_nothing(there: Path) -> None:
    (there / "bank.py").write_text(LEDGER, encoding="utf-8")
    program = load_program("bank.py")
    plain = observed_run(program, Replay(), limits=Limits(), settings=Settings(), values=True)
    watched = watched_run(program, Schedule(), settings=Settings())
    assert watched.run.events == plain.events
    assert watched.domain[0] == (("bank.balance", "50"),)


def test_a_state_that_cannot_be_had_says_so() -> None:
    async def program(world: World) -> None:
        world.state("till", lambda: {}["missing"])

    watched = watched_run(as_program(program), Schedule(), settings=Settings())
    assert watched.domain == ((("till", "raises KeyError"),),)

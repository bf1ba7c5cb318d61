"""The debugger at a pipe: what it shows, where it stops, how it goes back."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from debugging import Debugger, command, environment, failure_of
from small_programs import BANK, LEDGER

# The bank: 8 def withdraw, 9 seen = ..., 10 await, 11 bank.balance = ..., 14 def main, 16 nursery,
# 19 assert. Its failure: 0 main, 1 ann, 2 bob, 3 bob, 4 ann (overwrites bob's), 5 main.


def test_it_stops_in_the_failing_task_before_the_event_that_fails(debugger: Debugger) -> None:
    ended = debugger("p bank.balance\nn\nq")
    first, balance, step, _ = ended.answers
    told, what, _, *stop = first.splitlines()
    assert told == "AssertionError: balance is 90, expected 70"
    assert what.startswith("Ours: tasks, where TASK, event, domain, why; next-event (ne), ")
    assert stop == [
        "-- event 5 of 6: main at 0 s",
        "> bank.py(16)main()",
        "-> async with trio.open_nursery() as nursery:",
    ]
    assert balance == "90"
    assert step.splitlines()[0] == "> bank.py(19)main()"
    assert (ended.status, ended.err) == (1, "")


def test_any_event_shows_the_frame_and_the_variables_of_its_own_task(debugger: Debugger) -> None:
    ended = debugger("p seen, amount\nn\nn\np bank.balance\nw\nq", "--at", "4")
    stop, values, line, after, balance, stack, _ = ended.answers
    assert stop.splitlines()[3:5] == ["-- event 4 of 6: main/ann at 0 s", "> bank.py(10)withdraw()"]
    assert values == "(100, 10)"
    assert line.splitlines()[0] == "> bank.py(11)withdraw()"
    # the task has ended with the event: next goes to the next event
    assert after.splitlines()[:2] == ["-- event 5 of 6: main at 0 s", "> bank.py(16)main()"]
    assert balance == "90"
    assert stack.splitlines() == [
        "> bank.py(16)main()", "-> async with trio.open_nursery() as nursery:"
    ]  # fmt: skip


def test_back_twice_and_forward_again_comes_to_the_same_digest(debugger: Debugger) -> None:
    ended = debugger("event\nback\nevent\nb-ack\nevent\nne\nevent\nnext-event\nevent\nq")
    digests = re.findall("digest of the events before it: ([0-9a-f]{16})", ended.said)
    numbers = re.findall("-- event (\\d) of 6", ended.said)
    assert numbers == ["5", "4", "3", "4", "5"]
    assert digests[:3] == digests[:1:-1]
    assert len(set(digests)) == 3
    assert "diverged" not in ended.said


def test_goto_goes_both_ways_and_keeps_breakpoints(debugger: Debugger) -> None:
    ended = debugger("b 11\ngoto 0\nc\nc\ngoto 4\nb\ngoto 6\ngoto x\nq")
    assert re.findall(r"> bank.py\((\d+)\)", ended.said) == ["16", "14", "11", "11", "10"]
    assert "at bank.py:11" in ended.answers[6]
    assert ended.answers[7] == "*** goto takes the number of an event, 0 to 5, not '6'"
    assert ended.answers[8] == "*** goto takes the number of an event, 0 to 5, not 'x'"


def test_until_finds_the_first_event_before_which_an_expression_holds(debugger: Debugger) -> None:
    ended = debugger(
        """until bank.balance == 80
        p bank.balance
        until amount == 10 and seen == 90
        until any(b.balance == 90 for b in [bank])
        until bank.balance == 70
        until nobody
        until bank.balance ==
        q"""
    )
    found = [answer.splitlines()[0] for answer in ended.answers[1:] if answer]
    assert found == [
        "-- bank.balance == 80: first before event 4",  # it is 90 later
        "80",
        "*** amount == 10 and seen == 90: holds before no event",
        "-- any(b.balance == 90 for b in [bank]): first before event 5",
        "*** bank.balance == 70: holds before no event",
        "*** nobody: holds before no event (name 'nobody' is not defined)",
        "*** invalid syntax: bank.balance ==",
    ]


COUNTER = """
import trio


async def main():
    done = []
    for number in range(200):
        done.append(number)
        await trio.lowlevel.checkpoint()
    assert not done
"""


def test_bisect_finds_the_same_event_with_few_looks(debugger: Debugger) -> None:
    ended = debugger(
        """until len(done) > 131
        event
        bisect len(done) > 131
        event
        bisect True
        bisect len(done) > 199
        bisect len(done) > 200
        bisect missing
        bisect 1 +
        q""",
        program=COUNTER,
    )
    found = [answer.splitlines()[0] for answer in ended.answers[1:] if answer]
    assert found[0] == "-- len(done) > 131: first before event 132"
    # 0 and 200 do not and do hold; then 100, 150, 125, 137, 131, 134, 132
    halves = "first before event 132, if it stays true (looks: 9)"
    assert found[2] == f"-- len(done) > 131: {halves}"
    assert found[3] == found[1]
    assert found[4] == "-- True: first before event 0, if it stays true (looks: 1)"
    assert found[5].startswith("-- len(done) > 199: first before event 200, if it stays true")
    never = "does not hold before the last event"
    assert found[6] == f"*** len(done) > 200: {never}"
    assert found[7] == f"*** missing: {never} (name 'missing' is not defined)"
    assert found[8] == "*** invalid syntax: 1 +"


def test_bisect_of_what_does_not_stay_true_finds_where_it_becomes_true(debugger: Debugger) -> None:
    ended = debugger(
        "bisect len(done) % 60 > 10\np len(done)\nback\np len(done)\nq", program=COUNTER
    )
    at, before = int(ended.answers[2]), int(ended.answers[4])
    assert (at % 60, before % 60) == (11, 10)


def test_an_expression_that_changes_the_run_is_not_trusted(debugger: Debugger) -> None:
    ended = debugger(
        """until bank.__setattr__('balance', 7)
        until world.event('hi')
        event
        bisect world.event('hi')
        q""",
        program=WORLD,
    )
    assert "changes the run, event 0 is not as recorded" in ended.answers[2]
    assert "changes the run, event 0 is not as recorded" in ended.answers[4]
    assert "digest" in ended.answers[3]


WORLD = BANK.replace("async def main():", "async def main(world):")


def test_tasks_and_where_show_every_task(debugger: Debugger) -> None:
    ended = debugger("tasks\nwhere bob\nwhere main/ann\nwhere m\nwhere ann\nq", "--at", "3")
    _, tasks, bob, ann, which, _, _ = ended.answers
    assert tasks.splitlines() == [
        "main      waiting  bank.py:16 (NurseryManager.__aexit__)",
        "  main/ann  ready    bank.py:10 (checkpoint)",
        "> main/bob  acts",
    ]
    assert bob.splitlines()[0] == "> bank.py(10)withdraw()"
    assert ann.splitlines() == ["bank.py(10)withdraw()", "  -> await trio.lowlevel.checkpoint()"]
    assert which == "*** which task? one of main, main/ann, main/bob"


def test_why_tells_who_woke_the_task_and_which_switch_is_a_deviation(debugger: Debugger) -> None:
    ended = debugger("why\ngoto 2\nwhy\ngoto 4\nwhy\ngoto 0\nwhy\nq")
    answers = [ended.answers[i].splitlines() for i in (1, 3, 5, 7)]
    assert [answer[:-3] for answer in answers] == [
        [
            "main was woken by event 4, of main/ann, its last (bank.py:10 (checkpoint))",
            "nobody else could go on: main/ann, before it, had to wait or has ended",
        ],
        [
            "main/bob was spawned by event 0, of main (bank.py:14)",
            "a deviation of the schedule: main/bob, a preemption of main/ann",
        ],
        [
            "main/ann could go on ever since its last event, 1",
            "nobody else could go on: main/bob, before it, had to wait or has ended",
        ],
        ["main is the main task, with which every run begins", "nobody else could go on"],
    ]
    turns, claim, order = (line[2:] for line in answers[0][-3:])
    assert turns == (
        "deviation 1: without it ann writes Bank.balance (line 11) before bob reads"
        " Bank.balance (line 9), and the program passes"
    )
    assert claim.startswith("One ordering decides it: keep it and the default schedule fails")
    assert order == (
        "bob reads Bank.balance = 100 (step 2, line 9)"
        " before ann writes Bank.balance = 80 -> 90 (step 4, line 11)"
    )
    marks = ["".join(line[0] for line in answer[-3:]) for answer in answers]
    assert marks == ["   ", "> >", "  >", "   "]  # at events 5, 2, 4 and 0


def test_a_change_by_hand_is_told_and_back_is_true_again(debugger: Debugger) -> None:
    ended = debugger("amount = 11\nn\nn\np bank.balance\nback\np amount\nc\nq", "--at", "4")
    assert ended.answers[1].startswith("-- you have changed the program's state")
    assert "diverged: the program's state was changed by hand" in ended.answers[2]
    assert ended.answers[4] == "89"
    assert "diverged" not in ended.answers[5]
    assert ended.answers[6] == "10"
    assert ended.answers[7].startswith("-- the run has ended, as recorded: AssertionError")


CHANCE = BANK.replace("import trio", "import random, time, trio").replace(
    "    seen = bank.balance\n",
    "    seen = bank.balance; drawn = random.random(); now = time.time()\n",
)


def test_the_prompt_moves_neither_the_clock_nor_the_random_numbers(debugger: Debugger) -> None:
    looks = "random.random(); time.sleep(5); random.gauss(0, 1)\np time.time() - 1577836800\n"
    ended = debugger(f"goto 1\n{looks}n\nn\n{looks}goto 3\np drawn\ngoto 1\ngoto 3\np drawn\nc\nq",
                     program=CHANCE)  # fmt: skip
    assert "0.0" in ended.answers
    assert "5.0" not in ended.answers
    drawn = [answer for answer in ended.answers if re.fullmatch(r"0\.\d{6,}", answer)]
    assert drawn[-1] == drawn[-2]
    assert "diverged" not in ended.said
    assert "-- the run has ended, as recorded" in ended.said


def test_at_the_end_there_is_a_way_back(debugger: Debugger) -> None:
    ended = debugger("c\np 1\nback\nc\nuntil bank.balance == 80\nq")
    assert ended.answers[1] == (
        "-- the run has ended, as recorded: AssertionError: balance is 90, expected 70"
    )
    assert ended.answers[2] == "*** the run has ended: back, goto N, until EXPR, bisect EXPR or q"
    assert ended.answers[3].startswith("-- event 5 of 6")
    assert "first before event 4" in ended.answers[5]
    assert ended.status == 1


@pytest.mark.parametrize("end", ["q", "quit", "exit", ""])
def test_one_quit_ends_all_without_a_traceback(debugger: Debugger, end: str) -> None:
    ended = debugger(f"b 11\ngoto 1\nc\n{end}")
    assert (ended.status, ended.err) == (1, "")
    assert "BdbQuit" not in ended.said


def test_a_replay_that_diverged_ends_with_its_own_status(debugger: Debugger, there: Path) -> None:
    seed = failure_of(there, BANK)
    (there / "bank.py").write_text(BANK.replace("    await trio.lowlevel", "    trio.lowlevel"))
    done = subprocess.run(command("replay", seed, "--pdb"), input="q\n", env=environment(there),
                          capture_output=True, text=True, check=False, timeout=60)  # fmt: skip
    assert done.returncode == 4
    assert "error: the replay diverged: the run passed" in done.stderr


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--pdb", "--at", "6"], "error: --at 6: the events of this run are 0 to 5"),
        (["--at", "3"], "error: --at is for --pdb and --debugpy"),
    ],
)
def test_a_wrong_option_gets_one_line(there: Path, options: list[str], line: str) -> None:
    seed = failure_of(there, BANK)
    done = subprocess.run(command("replay", seed, *options), input="q\n", env=environment(there),
                          capture_output=True, text=True, check=False, timeout=60)  # fmt: skip
    assert (done.returncode, done.stderr.splitlines()) == (2, [line])


def test_what_the_program_prints_is_not_printed_again_on_the_way(debugger: Debugger) -> None:
    loud = BANK.replace("    bank.balance = seen", "    print('deposit!')\n    bank.balance = seen")
    ended = debugger("back\nback\nne\nq", program=loud)
    assert ended.said.count("deposit!") == 1


def test_breakpoints_in_the_program_stop_the_debugger(debugger: Debugger) -> None:
    halting = BANK.replace("    bank.balance = seen", "    breakpoint()\n    bank.balance = seen")
    ended = debugger("c\nc\ngoto 5\nq", program=halting)
    # at each of them, then at the failure; on the way of a goto they count for nothing
    assert re.findall(r"> bank.py\((\d+)\)", ended.said) == ["12", "12", "17", "17"]


def test_until_a_line_and_unt_are_those_of_pdb(debugger: Debugger) -> None:
    ended = debugger("until 11\ngoto 4\nunt\nq", "--at", "4")
    places = [re.findall(r"> bank.py\((\d+)\)", answer) for answer in ended.answers]
    assert places == [["10"], ["11"], ["10"], ["11"], []]


def test_an_empty_line_goes_back_once_more(debugger: Debugger) -> None:
    ended = debugger("back\n \n \nq")
    assert re.findall("-- event (\\d) of 6", ended.said) == ["5", "4", "3", "2"]


def test_await_at_the_prompt_is_refused_with_what_to_do_instead(debugger: Debugger) -> None:
    ended = debugger("await trio.sleep(1)\nq")
    assert ended.answers[1].startswith("*** no await here")


def test_domain_prints_what_the_program_names(debugger: Debugger) -> None:
    ended = debugger("domain\nback\ndomain\nuntil bank.balance == 10\nq", program=LEDGER)
    assert ended.answers[1:3] == ["bank.balance = -20", ended.answers[2]]
    assert ended.answers[3] == "bank.balance = 10"
    assert ended.answers[4].splitlines()[0] == "-- bank.balance == 10: first before event 4"


def test_domain_says_how_to_name_a_state(debugger: Debugger) -> None:
    told = "the program names no state: world.state('stock', lambda: shop.stock)"
    assert debugger("domain\nq").answers[1] == told

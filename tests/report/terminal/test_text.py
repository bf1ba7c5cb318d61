"""The report of a failure at several widths: a golden text, and limits that always hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from raceexplore import Limits, explore
from raceexplore.report.terminal.summary import campaign_report
from raceexplore.report.terminal.text import failure_report
from raceexplore.search.corpus.replay import explained, replay_seed
from raceexplore.search.programs.load import load_program
from small_programs import BANK, CROSSED_LOCKS

WIDE = """\
FAIL  program.py:main  AssertionError: balance is 90, expected 70
      program.py:20 in main
        assert bank.balance == 70, f"balance is {bank.balance}, expected 70"

Lost update: ann read Bank.balance = 100 (step 1, line 10), bob wrote 80 (step 3, line 12) in
between, and ann wrote 90 over it (step 4, line 12).

One ordering decides it: keep it and the default schedule fails, reverse it and it does not.
  bob reads Bank.balance = 100 (step 2, line 10)
    before ann writes Bank.balance = 80 -> 90 (step 4, line 12)
Needs 1 deviation (*) from the default schedule; no failing schedule with fewer than 1
preemption exists. Trio's own loop can produce it too.

  step    task  does           line  source
  0       main  starts, waits    17  async with trio.open_nursery() as nursery:
  1       ann   starts            9  async def withdraw(bank, amount):
                reads            10  Bank.balance = 100
                is preempted     11  await trio.lowlevel.checkpoint()
* 2-3     bob   PREEMPTS             ann, before it writes Bank.balance
                starts            9  async def withdraw(bank, amount):
                reads            10  Bank.balance = 100
                writes, ends     12  Bank.balance = 100 -> 80
  4       ann   goes on          11  await trio.lowlevel.checkpoint()
                writes, ends     12  Bank.balance = 80 -> 90
  5       main  goes on          17  async with trio.open_nursery() as nursery:
                reads            20  Bank.balance = 90
                fails            20  assert bank.balance == 70, f"balance is {bank.balance}, ...
"""
MANY = """
import trio


class Counter:
    value = 0


async def work(counter):
    for _ in range(6):
        seen = counter.value
        await trio.lowlevel.checkpoint()
        counter.value = seen + 1
        await trio.lowlevel.checkpoint()


async def main():
    counter = Counter()
    async with trio.open_nursery() as nursery:
        for number in range(12):
            nursery.start_soon(work, counter, name=f"a worker with a long name {number}")
    assert counter.value == 72, "lost " * 40 + "\\x1b[2J and\\nmore \u4e16\u754c"
"""


def report(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str, width: int) -> list[str]:
    monkeypatch.chdir(folder)
    Path("program.py").write_text(text, encoding="utf-8")
    campaign = explore(load_program("program.py"), scheduler="dfs:preemptions=1")
    (found,) = campaign.failures
    return [line.plain for line in failure_report(found.run, width, found)]


def test_a_lost_update_at_96_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert report(tmp_path, monkeypatch, BANK, 96) == WIDE.splitlines()


def test_a_report_is_made_of_values_and_runs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("program.py").write_text(BANK, encoding="utf-8")
    program = load_program("program.py")
    replayed = replay_seed(explore(program).failures[0].run.seed, program)
    known = explained(replayed, Limits())

    ran = []

    async def runs_again() -> None:
        ran.append("again")

    other = replace(program, function=runs_again, observed=lambda: runs_again)
    run = replace(known.run, program=other)
    told = [line.plain for line in failure_report(run, 96, known)]
    assert told[7:9] == WIDE.splitlines()[7:9]
    unknown = [line.plain for line in failure_report(run, 96)]
    assert not any("One ordering decides it" in line for line in unknown)
    assert not ran


def test_the_narrow_layout_is_one_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = report(tmp_path, monkeypatch, BANK, 72)
    start = lines.index("* 2-3  bob")
    assert lines[start : start + 5] == [
        "* 2-3  bob",
        "    PREEMPTS           ann, before it writes Bank.balance",
        "    starts          9  async def withdraw(bank, amount):",
        "    reads          10  Bank.balance = 100",
        "    writes, ends   12  Bank.balance = 100 -> 80",
    ]


@pytest.mark.parametrize("width", [60, 72, 89, 90, 100, 140])
@pytest.mark.parametrize("text", [BANK, CROSSED_LOCKS, MANY], ids=["bank", "locks", "many"])
def test_no_report_is_wider_than_the_terminal_or_longer_than_40_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, width: int
) -> None:
    lines = report(tmp_path, monkeypatch, text, width)
    assert max(map(cell_len, lines)) <= width
    assert len(lines) <= 40
    assert not any("\x1b" in line for line in lines)


def test_in_forty_columns_sentences_are_broken_and_the_table_is_not_cut_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = report(tmp_path, monkeypatch, BANK, 40)
    table = lines.index("  0  main")
    assert max(map(cell_len, lines[table:])) <= 60
    assert [line for line in lines[:table] if cell_len(line) > 40] == [
        '        assert bank.balance == 70, f"balance is {bank.bal...',
        "  bob reads Bank.balance = 100 (step 2, line 10)",
        "    before ann writes Bank.balance = 80 -> 90 (step 4, li...",
    ]
    assert "    writes, ends   12  Bank.balance = 100 -> 80" in lines


def test_a_campaign_tells_what_it_explored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("program.py").write_text(BANK, encoding="utf-8")
    campaign = explore(load_program("program.py"), scheduler="dfs", stop="never")
    file = Path("corpus/program.json")
    fingerprint = campaign.failures[0].fingerprint
    lines = [line.plain for line in campaign_report(campaign, 100, {fingerprint: file})]
    assert f"replay  raceexplore replay {campaign.failures[0].run.seed}" in lines
    assert "debug   raceexplore replay corpus/program.json --pdb" in lines
    assert "saved   corpus/program.json" in lines
    # two tasks of two events each: 4! / (2! 2!) = 6 schedules
    explored = " ".join(lines[-2:])
    assert explored.startswith("explored 6 runs in ")
    assert "scheduler dfs; entropy 0; complete: every schedule; " in explored
    spent = campaign.explain_runs
    assert explored.endswith(f"; {spent} more runs to shrink and explain what was found")

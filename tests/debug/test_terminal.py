"""The debugger at a terminal: Ctrl-C, and a `breakpoint()` that opens the prompt."""

from __future__ import annotations

from pathlib import Path

import pexpect
import pytest

from debugging import command, environment, failure_of
from small_programs import BANK


def terminal(there: Path, *arguments: str) -> pexpect.spawn[str]:
    first, *rest = command("replay", *arguments)
    return pexpect.spawn(first, rest, env=environment(there), encoding="utf-8", timeout=30)


def test_ctrl_c_at_the_prompt_gives_a_new_one_and_q_ends(there: Path) -> None:
    child = terminal(there, failure_of(there, BANK), "--pdb")
    child.expect_exact("(rx) ")
    child.sendintr()
    child.expect_exact("--KeyboardInterrupt--")
    child.expect_exact("(rx) ")
    child.sendline("back")
    child.expect_exact("-- event 4 of 6: main/ann")
    child.expect_exact("(rx) ")
    child.sendline("q")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 1


def test_a_breakpoint_opens_the_prompt_of_a_plain_replay(there: Path) -> None:
    halting = BANK.replace("    bank.balance = seen", "    breakpoint()\n    bank.balance = seen")
    child = terminal(there, failure_of(there, halting))
    child.expect_exact("bank.py(12)withdraw()")
    child.expect_exact("(rx) ")
    child.sendline("p amount")
    child.expect_exact("20")
    child.sendline("q")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 1


def test_no_limit_of_time_holds_for_who_looks_around(there: Path) -> None:
    child = terminal(there, failure_of(there, BANK), "--pdb", "--wall-limit", "0.5")
    child.expect_exact("(rx) ")
    child.sendline("import signal")
    child.expect_exact("(rx) ")
    child.sendline("p signal.getitimer(signal.ITIMER_REAL), signal.getsignal(signal.SIGALRM).name")
    child.expect_exact("(0.0, 0.0), 'SIG_DFL'")
    child.sendline("q")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 1


@pytest.mark.parametrize("search", ["until", "bisect"])
def test_ctrl_c_ends_a_search_and_the_session_goes_on(there: Path, search: str) -> None:
    child = terminal(there, failure_of(there, BANK), "--pdb")
    child.expect_exact("(rx) ")
    # the first look tells that it has begun, and goes on for ever
    started = there / "started"
    child.sendline(
        f"{search} open({str(started)!r}, 'w').close() or all(True for _ in iter(int, 1))"
    )
    while not started.exists():
        child.expect([pexpect.TIMEOUT], timeout=0.05)
    child.sendintr()
    child.expect_exact("--KeyboardInterrupt--")
    child.expect_exact("(rx) ")
    child.sendline(f"{search} bank.balance == 90")
    child.expect_exact("first before event 5")
    child.expect_exact("(rx) ")
    child.sendeof()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 1

"""An editor attaches: a client of its protocol stops in the task, looks, and goes on."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from adapter import Client
from command import Rx
from debugging import command, environment, failure_of
from raceexplore.debug.attach import address
from raceexplore.kernel.errors import BadOption
from small_programs import BANK


def test_an_editor_stops_in_the_task_and_the_run_goes_as_recorded(there: Path) -> None:
    pytest.importorskip("debugpy", reason="debugpy is not installed: pip install debugpy")
    # 12: bank.balance = seen - amount; a time-out that must not pass while the editor looks
    timed = BANK.replace("    await trio", "    with trio.fail_after(1):\n        await trio")
    process = subprocess.Popen(
        command("replay", failure_of(there, timed), "--debugpy", "0", "--at", "4"),
        env=environment(there), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    told = ""
    while not (found := re.search(r"waiting for an editor at ([\d.]+):(\d+)", told)):
        line = process.stdout.readline()
        assert line, told
        told += line
    assert found[1] == "127.0.0.1"
    client = Client(found[1], int(found[2]))
    client.request("initialize", adapterID="test", linesStartAt1=True, columnsStartAt1=True)
    attached = client.send("attach", justMyCode=True)
    client.event("initialized")
    client.request("setBreakpoints", source={"path": str(there / "bank.py")},
                   breakpoints=[{"line": 12}])  # fmt: skip
    client.request("configurationDone")
    client.answer(attached)

    # the breakpoint of bob, before event 4; then ann's own frame, at event 4
    assert stopped_at(client) == (12, "20")
    client.request("continue", threadId=1)
    assert stopped_at(client) == (10, "10")  # the line after the await: the end of the with
    client.request("continue", threadId=1)
    assert stopped_at(client) == (12, "10")
    client.request("continue", threadId=1)
    client.event("terminated")
    client.send("disconnect")
    client.close()
    rest, _ = process.communicate(timeout=60)
    assert "-- event 4 of 6: main/ann" in rest
    assert "-- the run has ended, as recorded: AssertionError: balance is 90" in rest
    assert process.returncode == 1


def stopped_at(client: Client) -> tuple[int, str]:
    """Return the line, and the value of ``amount`` there."""
    thread = client.event("stopped")["threadId"]
    frame = client.request("stackTrace", threadId=thread)["stackFrames"][0]
    value = client.request("evaluate", expression="amount", frameId=frame["id"])
    return frame["line"], value["result"]


def test_without_debugpy_one_line_says_what_to_install(
    rx: Rx, there: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = failure_of(there, BANK)
    monkeypatch.setitem(sys.modules, "debugpy", None)
    ended = rx("replay", seed, "--debugpy", "5678")
    assert (ended.status, ended.err) == (
        2,
        "error: --debugpy needs debugpy: pip install 'raceexplore[debugpy]'; --pdb needs nothing\n",
    )


def test_the_port_is_this_machines_own_unless_a_host_is_named() -> None:
    assert address("5678") == ("127.0.0.1", 5678)
    assert address("0.0.0.0:5678") == ("0.0.0.0", 5678)
    assert address("[::1]:5678") == ("::1", 5678)


@pytest.mark.parametrize("text", ["", "x", ":5678", "1.2.3.4", "70000", "host:", "5678:host"])
def test_what_is_no_address_gets_one_line(text: str) -> None:
    with pytest.raises(BadOption, match=r"takes \[HOST:\]PORT"):
        address(text)

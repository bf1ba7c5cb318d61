"""The other forms of a report: Chrome trace, JUnit XML, annotations, the happens-before graph."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import trio

from bank_report import failing
from command import Rx
from raceexplore import BadOption, Deviation, Failure, Limits, Run, Schedule, explore
from raceexplore.report.files.github import annotation
from raceexplore.report.files.junit import junit_xml, of_campaign, of_run
from raceexplore.report.files.perfetto import chrome_trace
from raceexplore.report.files.svg import graph_of, happens_before_svg
from raceexplore.report.story.view import View, view

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "\x00</failure>]]>&<script>\ud800,:%\n"


def test_the_chrome_trace_has_a_thread_a_task_and_a_slice_an_event(bank: View) -> None:
    events = json.loads(json.dumps(chrome_trace(bank)))["traceEvents"]
    names = {e["tid"]: e["args"]["name"] for e in events if e["name"] == "thread_name"}
    assert names == {1: "main", 2: "main/ann", 3: "main/bob", 4: "main/idle#1"}
    slices = [(e["tid"], e["ts"], e["dur"]) for e in events if e["ph"] == "X"]
    assert slices == [
        (1, 0, 900), (2, 1000, 900), (3, 2000, 900), (3, 3000, 900),
        (4, 4000, 900), (2, 5000, 900), (4, 6000, 900), (1, 7000, 900),
    ]  # fmt: skip
    written = next(e for e in events if e["ph"] == "X" and e["ts"] == 5000)["args"]
    assert written["shared"] == [f"W {bank.rows.race.parts[0].label} 10"]


def test_each_wake_up_is_a_flow_between_slices(bank: View) -> None:
    events = chrome_trace(bank)["traceEvents"]
    flows = {
        e["id"]: (e["ts"], target["ts"])
        for e in events
        if e["ph"] == "s"
        for target in events
        if target["ph"] == "f" and target["id"] == e["id"]
    }
    assert sorted(flows.values()) == [(800, 1000), (800, 2000), (800, 4000), (6800, 7000)]


def test_a_failure_is_a_failure_of_junit(bank_run: Run) -> None:
    root = ET.fromstring(junit_xml([of_run(bank_run)]).encode())
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("1", "1", "0")
    (case,) = root.iter("testcase")
    assert case.get("classname") == "bank.py:main"
    (failure,) = case.iter("failure")
    assert (failure.get("type"), failure.get("message")) == ("AssertionError", "balance is 10")
    assert f"raceexplore replay {bank_run.seed}" in (failure.text or "")
    keep = f"keep:   raceexplore corpus add {bank_run.seed} --as bank-assertionerror"
    assert keep in (failure.text or "")


def test_a_run_that_was_cut_is_an_error_of_junit_and_no_failure(bank_run: Run) -> None:
    cut = replace(bank_run, outcome="cut", failure=None, cut="5 events were not enough")
    root = ET.fromstring(junit_xml([of_run(cut)]).encode())
    assert (root.get("failures"), root.get("errors")) == ("0", "1")
    (error,) = root.iter("error")
    assert error.get("message") == "5 events were not enough"


def test_a_campaign_that_found_nothing_passes_and_an_empty_one_does_not() -> None:
    async def program() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep, 0)
            nursery.start_soon(trio.sleep, 0)

    campaign = explore(program, budget=3)
    assert [case.outcome for case in of_campaign(campaign)] == ["passed"]
    nothing = replace(campaign, runs=3, cut=3)
    (case,) = of_campaign(nothing)
    assert (case.outcome, case.message) == ("inconclusive", "no run came to its end")


def test_hostile_text_leaves_junit_well_formed(bank_run: Run) -> None:
    run = replace(bank_run, failure=Failure(HOSTILE, HOSTILE, "12345678", details=(HOSTILE,)))
    root = ET.fromstring(junit_xml([of_run(run)]).encode())
    (failure,) = root.iter("failure")
    assert failure.get("message") == "\ufffd</failure>]]>&<script>\ufffd,:%\n"


def test_an_annotation_points_at_the_line_and_stays_one_line(bank_run: Run) -> None:
    assert annotation(bank_run) == (
        "::error file=bank.py,line=24,title=AssertionError in bank.py%3Amain::"
        f"balance is 10%0A%0Araceexplore replay {bank_run.seed}"
        f"%0Araceexplore corpus add {bank_run.seed} --as bank-assertionerror"
    )
    hostile = replace(bank_run, failure=Failure("a:b,c", "1\n::error::2\r%", "12345678"))
    assert annotation(hostile) == (
        "::error title=a%3Ab%2Cc in bank.py%3Amain::1%0A::error::2\\r%25"
        f"%0A%0Araceexplore replay {hostile.seed}"
        f"%0Araceexplore corpus add {hostile.seed} --as bank-a-b-c"
    )


def test_a_run_that_passed_is_not_annotated_and_one_that_was_cut_is_a_warning(
    bank_run: Run,
) -> None:
    assert annotation(replace(bank_run, outcome="passed", failure=None)) == ""
    cut = replace(bank_run, outcome="cut", failure=None, cut="too long")
    assert annotation(cut) == "::warning title=bank.py%3Amain%3A inconclusive::too long"


def test_the_graph_holds_the_immediate_edges(bank: View) -> None:
    edges = {(a, b): told["kind"] for a, b, told in graph_of(bank.rows).edges(data=True)}
    assert {pair for pair, kind in edges.items() if kind == "next"} == {
        (0, 7), (1, 5), (2, 3), (4, 6),
    }  # fmt: skip
    assert {pair for pair, kind in edges.items() if kind == "conflict"} == {(1, 3), (3, 5)}


def test_the_picture_is_well_formed_and_goes_down_in_time(bank: View) -> None:
    root = ET.fromstring(happens_before_svg(bank))
    circles = {int(c.get("cy", "0")) for c in root.iter(f"{SVG}circle")}
    assert len(list(root.iter(f"{SVG}circle"))) == 8
    assert min(circles) == 64
    races = [path for path in root.iter(f"{SVG}path") if "race" in (path.get("class") or "")]
    assert len(races) == 3  # read to the write between, on to the last, and within the task


def test_a_graph_that_nobody_could_read_is_refused(tmp_path: Path) -> None:
    text = """
import trio
async def main():
    for _ in range(300):
        await trio.lowlevel.checkpoint()
"""
    run = failing(tmp_path / "long.py", text, Schedule())
    with pytest.raises(BadOption, match=r"301 events is too large to draw \(at most 200\)"):
        happens_before_svg(view(run, limits=Limits()))


def test_hostile_task_names_leave_the_picture_well_formed(tmp_path: Path) -> None:
    text = """
import trio
async def main():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.lowlevel.checkpoint, name='"><script>\\x01')
"""
    run = failing(tmp_path / "names.py", text, Schedule((Deviation("task", "x", 1, "y"),)))
    root = ET.fromstring(happens_before_svg(view(run, limits=Limits())))
    assert not list(root.iter(f"{SVG}script"))


def test_the_command_report_writes_what_is_asked_for(rx: Rx, bank_run: Run) -> None:
    forms = ("html", "perfetto", "junit", "svg", "json")
    options = [word for form in forms for word in (f"--{form}", f"out.{form}")]
    ended = rx("report", bank_run.seed, *options, "--github")
    assert (ended.status, ended.err) == (0, "")
    assert annotation(bank_run) in ended.out.splitlines()
    assert all(Path(f"out.{form}").stat().st_size > 500 for form in forms)


def test_the_command_report_wants_to_know_what_to_write(rx: Rx, bank_run: Run) -> None:
    ended = rx("report", bank_run.seed)
    assert (ended.status, ended.err) == (
        2,
        "error: name a file to write, e.g. --html report.html\n",
    )


def test_a_report_that_cannot_be_written_is_a_wrong_usage(rx: Rx, bank_run: Run) -> None:
    ended = rx("report", bank_run.seed, "--html", "no/such/folder.html")
    assert ended.status == 2
    assert ended.err == (
        "error: no/such/folder.html cannot be written: there is no folder no/such\n"
    )


def test_a_picture_that_is_refused_keeps_no_other_report_from_being_written(rx: Rx) -> None:
    text = """
import trio
async def main():
    for _ in range(300):
        await trio.lowlevel.checkpoint()
    raise ValueError("late")
"""
    both = ("--svg", "a.svg", "--html", "a.html")
    ended = rx("run", "long.py", *both, long=text)
    assert ended.status == 1  # the failure stays what the status tells
    refused = "not written: the happens-before graph of 301 events is too large to draw"
    assert refused in ended.out + ended.err
    assert Path("a.html").exists()
    assert not Path("a.svg").exists()
    seed = next(line.split()[-1] for line in ended.out.splitlines() if line.startswith("replay "))
    assert rx("report", seed, *both).status == 74  # asked for, and not written


def test_run_annotates_by_itself_in_github_actions(
    rx: Rx, bank_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    ended = rx("run", "bank.py", "--html", "out.html")
    assert ended.status == 1
    assert "::error file=bank.py,line=24," in ended.out
    assert "wrote out.html" in ended.out
    assert "::error" not in rx("run", "bank.py", "--no-github").out


def test_run_says_that_there_is_no_report_of_nothing(rx: Rx) -> None:
    ended = rx("run", "calm.py", "--html", "out.html", calm="async def main():\n    pass\n")
    assert ended.status == 3  # there is nothing to explore
    assert "nothing failed: no file for --html" in ended.out
    assert not Path("out.html").exists()

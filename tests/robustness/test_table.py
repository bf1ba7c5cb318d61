"""docs/robustness.md: each row of its tables has a test, which is found here by its name."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from misuse_of_objects import MISUSES

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/robustness.md"
MACHINE, SIGNALS = "robustness/test_machine.py", "robustness/test_signals.py"
# the beginning of a row of the second table, and the tests that show it
TESTS = {
    "standard output is full": (MACHINE, "test_a_full_standard_output_leaves_the_verdict"),
    "standard streams are closed": (MACHINE, "test_closed_streams_leave_the_verdict"),
    "the reader has gone": (MACHINE, "test_a_reader_that_has_gone_leaves_the_verdict"),
    "a report or a JUnit file": (MACHINE, "test_a_report_that_does_not_fit_leaves_the_old_one"),
    "a failure that does not fit": (
        MACHINE,
        "test_a_failure_that_does_not_fit_on_the_disk_is_told_all_the_same",
    ),
    "no more processes": (
        MACHINE,
        "test_where_there_are_no_more_processes_the_campaign_is_the_same",
    ),
    "few descriptors": (MACHINE, "test_few_descriptors_cost_no_verdict"),
    "a name too long": (MACHINE, "test_a_name_that_is_too_long_is_told_in_a_line"),
    "a file or folder that may not": (
        MACHINE,
        "test_what_may_not_be_read_or_written_is_told_in_a_line",
    ),
    "an entropy beyond": (MACHINE, "test_what_cannot_be_meant_is_told_in_a_line"),
    "a corpus file of a newer": (
        MACHINE,
        "test_a_newer_file_and_one_that_cannot_be_read_are_left_alone",
    ),
    "a damaged corpus file": (
        MACHINE,
        "test_a_damaged_file_is_put_aside_as_often_as_there_is_one",
    ),
    "a pipe, a device": (MACHINE, "test_what_is_no_regular_file_in_the_corpus_hangs_nothing"),
    "a seed for a function": (MACHINE, "test_a_seed_for_a_function_that_is_not_there_runs_nothing"),
    "Ctrl-C |": ("cli/test_processes.py", "test_ctrl_c_prints_and_keeps_what_was_found"),
    "Ctrl-C twice": (
        SIGNALS,
        "test_a_second_ctrl_c_ends_what_is_stuck_in_c_and_tells_what_was_found",
    ),
    "SIGTERM": (SIGNALS, "test_who_is_asked_to_end_tells_what_was_found"),
    "Ctrl-C in the debugger": (
        "debug/test_terminal.py",
        "test_ctrl_c_at_the_prompt_gives_a_new_one_and_q_ends",
    ),
    "a test of pytest's that ends": (
        "pytest_plugin/test_spare.py",
        "test_what_ends_pytest_is_told_with_its_schedule",
    ),
}


def tables() -> list[list[str]]:
    """Return the rows of each table of the page, without the head."""
    found: list[list[str]] = [[]]
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("|"):
            found += [[]] if found[-1] else []
        else:
            found[-1].append(line.removeprefix("| "))
    return [rows[2:] for rows in found if rows]


def names_in(file: str) -> set[str]:
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_each_kind_of_misuse_is_a_row_and_each_row_a_kind() -> None:
    rows = tables()[0]
    kinds = {misuse.kind for misuse in MISUSES}
    assert [row for row in rows if not any(row.startswith(kind) for kind in kinds)] == []
    assert [kind for kind in kinds if not any(row.startswith(kind) for row in rows)] == []


@pytest.mark.parametrize("kind", sorted({misuse.kind for misuse in MISUSES}))
def test_the_row_of_a_kind_names_each_status_that_its_programs_end_with(kind: str) -> None:
    statuses = {str(misuse.status) for misuse in MISUSES if misuse.kind == kind}
    told = [row.rsplit("|", 2)[1] for row in tables()[0] if row.startswith(kind)]
    if kind == "it asks a person":  # as the program then ends, whatever that is
        return
    assert [status for status in statuses if not any(status in text for text in told)] == []


def test_each_row_about_the_machine_has_a_test_and_each_test_a_row() -> None:
    rows = tables()[1]
    assert [row for row in rows if not any(row.startswith(start) for start in TESTS)] == []
    assert [start for start in TESTS if not any(row.startswith(start) for row in rows)] == []
    assert [name for file, name in TESTS.values() if name not in names_in(file)] == []

"""A hook of the pytest plugin: our report appears once in what pytest prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from raceexplore.search.as_exception import ReportNote

if TYPE_CHECKING:
    from collections.abc import Generator


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[Any]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the report once: in CI pytest's summary repeats a message whole, our note with it."""
    report = yield
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None and call.excinfo is not None:
        for note in getattr(call.excinfo.value, "__notes__", ()):
            if type(note) is ReportNote:
                crash.message = crash.message.replace(f"\n{note}", "")
    return report

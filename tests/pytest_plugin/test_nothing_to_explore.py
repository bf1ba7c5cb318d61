"""A test in which there is nothing to explore passes, unless it says that it needs choices."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

ALONE = """
import pytest, trio

@pytest.mark.raceexplore({words})
async def test_alone():
    await trio.sleep(1)
"""
NOTHING = "*neither passed nor failed: there is nothing to explore*"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)


def run(pytester: pytest.Pytester, words: str, *more: str) -> pytest.RunResult:
    pytester.makepyfile(ALONE.format(words=words))
    return pytester.runpytest_inprocess("-p", "raceexplore.pytest_plugin", *more)


def test_it_passes_where_nobody_minds(pytester: pytest.Pytester) -> None:
    run(pytester, "").assert_outcomes(passed=1)


def test_the_mark_can_ask_for_choices(pytester: pytest.Pytester) -> None:
    result = run(pytester, "needs_choices=True")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([NOTHING])


def test_the_command_line_and_the_ini_file_can_ask_for_choices(pytester: pytest.Pytester) -> None:
    run(pytester, "", "--race-needs-choices").assert_outcomes(failed=1)
    pytester.makeini("[pytest]\nrace_needs_choices = true\n")
    run(pytester, "").assert_outcomes(failed=1)


def test_another_word_than_true_or_false_is_refused(pytester: pytest.Pytester) -> None:
    result = run(pytester, "needs_choices='yes'")
    assert "needs_choices is True or False, not 'yes'" in result.stdout.str()

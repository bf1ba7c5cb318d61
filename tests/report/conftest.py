"""The failing run that most reports here are about."""

from __future__ import annotations

from pathlib import Path

import pytest

from bank_report import BANK, failing
from raceexplore import Limits, Run
from raceexplore.report.view import View, view


@pytest.fixture
def bank_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The lost update of BANK, on the schedule PREEMPT."""
    monkeypatch.chdir(tmp_path)
    return failing(Path("bank.py"), BANK)


@pytest.fixture
def bank(bank_run: Run) -> View:
    return view(bank_run, limits=Limits())

"""The failing run that most reports here are about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from bank_report import BANK, failing
from browser import chromium, resize, shown
from raceexplore import Limits, Run
from raceexplore.report.story.view import View, view
from raceexplore.search.corpus.replay import explained, replay_seed


@pytest.fixture
def bank_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The lost update of BANK, on the schedule PREEMPT."""
    monkeypatch.chdir(tmp_path)
    return failing(Path("bank.py"), BANK)


@pytest.fixture
def bank(bank_run: Run) -> View:
    known = explained(replay_seed(bank_run.seed, bank_run.program), Limits())
    return view(bank_run, limits=Limits(), known=known)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with chromium(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def page(browser: Chrome, bank: View, tmp_path: Path) -> Chrome:
    resize(browser, 1280, 800)
    return shown(browser, tmp_path / "bank.html", bank)

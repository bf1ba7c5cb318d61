"""Take the pictures of docs/reports.md again: ``make screenshots``; wants Chromium."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from selenium.webdriver import Chrome

from browser import chromium, resize, settled, shown
from raceexplore import Limits, explore
from raceexplore.report.files.svg import happens_before_svg
from raceexplore.report.story.view import View, view
from raceexplore.search.programs.load import load_program

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"
WIDTH = 1280


def found(model: str) -> View:
    """Return the first failure of a model."""
    campaign = explore(load_program(model), budget=3_000)
    first = campaign.failures[0]
    return view(first.run, limits=Limits(), known=first)


def photograph(
    browser: Chrome, file: Path, *, width: int, height: int, scripts: Sequence[str]
) -> None:
    """Save what the open page shows after ``scripts``, in a viewport of this size."""
    resize(browser, width, height)
    settled(browser, "dispatchEvent(new Event('resize'))")
    for script in scripts:
        settled(browser, script)
    assert browser.save_screenshot(str(file))


def take(folder: Path) -> list[Path]:
    """Save all pictures to ``folder`` and return them."""
    press = "document.getElementById('{}').click()".format
    lost, locks = found("models/lost_update/buggy.py"), found("models/lock_order/buggy.py")
    shots = [
        ("report-light.png", lost, WIDTH, 1120, ["previous-switch"]),
        ("report-dark.png", lost, WIDTH, 1120, ["theme", "previous-switch"]),
        ("report-compare.png", locks, WIDTH, 900, ["tab-compare"]),
        ("report-phone.png", locks, 390, 844, ["theme"]),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, chromium(Path(home) / "profile") as browser:
        for name, what, width, height, buttons in shots:
            resize(browser, width, height)
            shown(browser, Path(home) / "report.html", what)
            scripts = [press(button) for button in buttons]
            photograph(browser, folder / name, width=width, height=height, scripts=scripts)
    graph = folder / "happens-before.svg"
    graph.write_text(happens_before_svg(lost), encoding="utf-8")
    return [*(folder / shot[0] for shot in shots), graph]


if __name__ == "__main__":
    os.chdir(ROOT)
    for picture in take(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES):
        print(picture)

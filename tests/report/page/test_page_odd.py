"""The page in a real browser, on odd runs and windows: hostile text, long runs, a phone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from bank_report import BANK, failing
from browser import console, count, installed, position, press, resize, settled, shown, text
from raceexplore import Deviation, Limits, Run, Schedule
from raceexplore.report.story.view import view

pytestmark = [
    pytest.mark.skipif(
        not installed() and not os.environ.get("CI"),
        reason="no chromium with chromedriver is installed (Debian: chromium chromium-driver)",
    ),
    pytest.mark.xdist_group("browser"),
]

MARKS = "</script><script>document.title='ran'</script><img src=x onerror=\"document.title='ran'\">"


def test_nothing_overflows_on_a_phone(page: Chrome) -> None:
    resize(page, 390, 844)
    settled(page)
    wide = settled(page, "return document.documentElement.scrollWidth")
    assert wide <= 390


def hostile(folder: Path) -> Run:
    quoted = repr(MARKS)
    program = BANK.replace('name="ann"', f"name={quoted}").replace(
        "seen = account.balance", f"seen = account.balance; note = {quoted}"
    )
    program = program.replace('f"balance is {account.balance}"', quoted)
    preempt = Schedule((Deviation("task", f"main/{MARKS}", 1, "main/bob"),))
    return failing(folder / "@DATA@.py", program, preempt)


def test_hostile_text_of_the_program_is_shown_and_not_run(browser: Chrome, tmp_path: Path) -> None:
    page = shown(browser, tmp_path / "x.html", view(hostile(tmp_path), limits=Limits()))
    assert text(page, "#headline") == f"AssertionError: {MARKS}"
    for key in (Keys.HOME, *[Keys.ARROW_RIGHT] * 7):
        press(page, key)
    for tab in ("compare", "table", "data"):
        page.find_element(By.ID, f"tab-{tab}").click()
    assert page.title.endswith("@DATA@.py:main")
    assert count(page, "img, script[src]") == 0
    assert console(page) == []


def test_the_policy_of_the_page_stops_a_script_that_got_in(page: Chrome) -> None:
    settled(
        page,
        "const script = document.createElement('script');"
        "script.textContent = \"document.title = 'ran'\"; document.body.append(script);",
    )
    assert page.title != "ran"
    assert "Content Security Policy" in "".join(console(page))


IN_VIEW = """
    const box = document.getElementById('lanes');
    const { left, right } = box.getBoundingClientRect();
    const cells = [...document.querySelectorAll('#graph [data-event]')].filter((cell) => {
      const at = cell.getBoundingClientRect();
      return at.right > left && at.left < right;
    });
    const at = (name) => document.querySelector(`#graph .${name}`).getBoundingClientRect();
    return {
      cells: cells.map((cell) => Number(cell.dataset.event)),
      now: [...document.querySelectorAll('#graph .now')].map((now) => now.parentNode.dataset.event),
      bar: [at('cursor').left, at('cursor').width, at('cursor-line').left, at('cursor').height],
    };
"""


def test_a_long_run_draws_a_window_and_says_so(browser: Chrome, tmp_path: Path) -> None:
    program = """
import trio
async def count(box, n):
    for _ in range(n):
        box.append(0)
        await trio.lowlevel.checkpoint()
async def main():
    box = []
    async with trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(count, box, 700)
    assert not box
"""
    resize(browser, 1280, 800)  # whatever the tests before left
    run = failing(tmp_path / "long.py", program, Schedule())
    page = shown(browser, tmp_path / "long.html", view(run, limits=Limits()))
    assert position(page) == "2104 / 2104"
    assert text(page, "#window").startswith(
        "This run has 2,105 events. The lanes show 105 to 2,104; they follow the slider."
    )
    assert count(page, "#graph [data-event]") < 200  # only what is in view is drawn
    press(page, Keys.HOME)
    assert "The lanes show 0 to 1,999" in text(page, "#window")
    assert count(page, "#graph [data-event='0']") == 1
    for keys in ([Keys.ARROW_RIGHT] * 2, [Keys.PAGE_DOWN] * 9, [Keys.PAGE_UP] * 5, [Keys.END]):
        press(page, *keys)
        kept = settled(page, IN_VIEW)
        # switching the arrows off and on draws the lanes anew
        anew = settled(
            page, f"for (const _ of 'ab') document.getElementById('arrows').click(); {IN_VIEW}"
        )
        assert kept == anew
        assert kept["now"] == [position(page).split()[0]]
        assert len(kept["cells"]) > 10
    assert console(page) == []


def test_a_run_that_passed_has_a_page_too(browser: Chrome, tmp_path: Path) -> None:
    run = failing(tmp_path / "bank.py", BANK, Schedule())
    page = shown(browser, tmp_path / "passed.html", view(run, limits=Limits()))
    assert text(page, "#badge") == "✓ PASSED"
    page.find_element(By.ID, "tab-compare").click()
    assert "no deviation" in text(page, "#panel-compare")
    assert console(page) == []

"""The page in a real browser: it loads, steps, filters, compares, and runs no text of the run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from bank_report import BANK, PREEMPT, failing
from browser import chromium, console, installed, open_page, requests, resize, settled
from raceexplore import Deviation, Limits, Run, Schedule
from raceexplore.report.html import html_page
from raceexplore.report.view import View, view

pytestmark = [
    pytest.mark.skipif(
        not installed() and not os.environ.get("CI"),
        reason="no chromium with chromedriver is installed (Debian: chromium chromium-driver)",
    ),
    pytest.mark.xdist_group("browser"),
]

MARKS = "</script><script>document.title='ran'</script><img src=x onerror=\"document.title='ran'\">"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with chromium(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def shown(browser: Chrome, path: Path, what: View) -> Chrome:
    path.write_text(html_page(what), encoding="utf-8")
    open_page(browser, path)
    return browser


@pytest.fixture
def page(browser: Chrome, bank: View, tmp_path: Path) -> Chrome:
    resize(browser, 1280, 800)
    return shown(browser, tmp_path / "bank.html", bank)


def press(browser: Chrome, *keys: str) -> None:
    for key in keys:
        ActionChains(browser).send_keys(key).perform()
        settled(browser)


def text(browser: Chrome, selector: str) -> str:
    return " ".join(browser.find_element(By.CSS_SELECTOR, selector).text.split())


def count(browser: Chrome, selector: str) -> int:
    return len(browser.find_elements(By.CSS_SELECTOR, selector))


def position(browser: Chrome) -> str:
    return text(browser, "#position")


def test_the_page_loads_from_a_file_without_a_word_and_without_a_request(page: Chrome) -> None:
    assert console(page) == []
    urls = [url for url in requests(page) if not url.startswith("data:")]
    assert urls == [page.current_url]
    assert urls[0].startswith("file://")


def test_the_page_opens_at_the_write_that_lost_another(page: Chrome, bank: View) -> None:
    label = bank.rows.marks[0].label
    assert text(page, "#headline") == "AssertionError: balance is 10"
    assert text(page, "#badge") == "✕ FAILED"
    assert text(page, "#diagnosis li").startswith(f"Lost update: ann read {label} (0) at event 1")
    assert position(page) == "5 / 7"
    assert text(page, "#now") == (
        "switch idle#1 waits; ann is next."
        f" Event 5: ann runs from bank.py:8 to its end; writes {label} 20 → 10."
    )


def test_keys_step_through_events_switches_and_deviations(page: Chrome) -> None:
    seen = []
    for key in (Keys.HOME, Keys.ARROW_RIGHT, Keys.ARROW_LEFT, Keys.END, "p", "p", "n", "d"):
        press(page, key)
        seen.append(position(page).split()[0])
    assert seen == ["0", "1", "0", "7", "6", "5", "6", "2"]


def test_the_slider_and_the_buttons_step_too(page: Chrome) -> None:
    slider = page.find_element(By.ID, "slider")
    slider.send_keys(Keys.HOME)
    slider.send_keys(Keys.ARROW_RIGHT)
    settled(page)
    assert position(page) == "1 / 7"
    assert slider.get_attribute("aria-valuetext") == "event 1 of 7, ann"
    page.find_element(By.ID, "next-switch").click()
    settled(page)
    assert position(page) == "2 / 7"


def test_values_change_as_written_down(page: Chrome) -> None:
    seen = []
    press(page, Keys.HOME)
    for _ in range(8):
        seen.append(text(page, "#values tbody tr td:nth-child(2)"))
        press(page, Keys.ARROW_RIGHT)
    assert seen == [
        "W 0", "R 0 stale read", "R 0", "W 0 → 20", "20", "W 20 → 10 overwrites 20", "10", "R 10",
    ]  # fmt: skip


def test_local_variables_and_stacks_are_those_of_the_event(page: Chrome) -> None:
    press(page, Keys.HOME, Keys.ARROW_RIGHT)
    assert text(page, "#locals") == (
        "audit bank.py:8 amount 10 deposit bank.py:12 account Account(balance=0) amount 10 seen 0"
    )
    assert text(page, "[data-stack='1']") == (
        "2 ann ran, can go on deposit bank.py:12 audit bank.py:8 ↳ checkpoint"
    )
    assert text(page, "[data-stack='2']") == "3 bob ready to start"
    press(page, "n")
    assert text(page, "[data-stack='1'] .state") == "ready, passed over"
    press(page, Keys.ARROW_RIGHT)
    assert text(page, "[data-stack='2']") == "3 bob has ended"


def test_the_source_shows_where_each_task_stands(page: Chrome) -> None:
    press(page, Keys.HOME, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    row = page.find_element(By.CSS_SELECTOR, "#source .here")
    assert row.text.split() == ["8", "2", "3", "await", "trio.lowlevel.checkpoint()"]
    assert text(page, "#file") == "bank.py"
    press(page, Keys.END, "p", "p")  # ann's last event: the line that wrote
    assert "account.balance = seen + amount" in text(page, "#source .here")


def test_a_number_key_hides_a_task_and_0_brings_all_back(page: Chrome) -> None:
    button = "#names [data-lane='1']"
    assert page.find_element(By.CSS_SELECTOR, button).get_attribute("aria-pressed") == "true"
    assert count(page, "#graph .race") == 2
    press(page, "2")
    assert page.find_element(By.CSS_SELECTOR, button).get_attribute("aria-pressed") == "false"
    assert count(page, "#graph .race") == 0
    press(page, "0")
    assert count(page, "#graph .race") == 2


def test_tasks_that_are_not_involved_are_folded_until_asked_for(page: Chrome) -> None:
    assert text(page, "#names .fold") == "▸ 1 other task, 2 events"
    page.find_element(By.ID, "unfold").click()
    settled(page)
    assert count(page, "#names .fold") == 0
    assert [n.text.split()[-1] for n in page.find_elements(By.CSS_SELECTOR, "#names .name")] == [
        "main", "ann", "bob", "idle#1",
    ]  # fmt: skip


def test_the_deviation_is_a_thick_mark_with_a_star(page: Chrome) -> None:
    assert count(page, "#graph .devline") == 1
    assert text(page, "#axis .star") == "★1"
    press(page, "d")
    assert text(page, "#now").startswith("★1 deviation bob runs although ann could go on.")


def test_dark_and_light_can_be_toggled(page: Chrome) -> None:
    def background() -> Any:
        return settled(page, "return getComputedStyle(document.body).backgroundColor")

    light = background()
    press(page, "t")
    dark = background()
    assert (light, dark) == ("rgb(246, 247, 249)", "rgb(13, 15, 20)")
    page.find_element(By.ID, "theme").click()
    assert background() == light


def test_the_system_s_dark_mode_is_followed(browser: Chrome, page: Chrome) -> None:
    feature = {"name": "prefers-color-scheme", "value": "dark"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    try:
        browser.refresh()
        assert settled(browser, "return document.documentElement.dataset.theme") == "dark"
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def test_the_table_says_the_same_as_the_lanes(page: Chrome, bank: View) -> None:
    label = bank.rows.marks[0].label
    page.find_element(By.ID, "tab-table").click()
    rows = page.find_elements(By.CSS_SELECTOR, "#panel-table tbody tr")
    assert len(rows) == 8
    assert " ".join(rows[2].text.split()).startswith(
        "2 bob bank.py:10 bank.py:8 goes on 0 s ★1 bob runs although ann could go on."
    )
    assert rows[5].text.endswith(f"W {label} 20 → 10; lost update of {label}")
    rows[1].find_element(By.TAG_NAME, "button").click()
    settled(page)
    assert position(page) == "1 / 7"


def test_compare_shows_the_other_schedule_and_where_they_part(page: Chrome) -> None:
    page.find_element(By.ID, "tab-compare").click()
    cards = [" ".join(card.text.split()) for card in page.find_elements(By.TAG_NAME, "article")]
    assert len(cards) == 2
    assert cards[0].startswith("This schedule ✕ failed 8 events, 1 deviation.")
    assert "★ after event 1 of main/ann, main/bob goes on" in cards[0]
    assert cards[1].startswith("No deviation: the run on the quiet day ✓ passed 8 events")
    assert "differs from event 2 on: here ann runs" in cards[1]


def test_tabs_and_controls_can_be_used_without_a_mouse(page: Chrome) -> None:
    page.find_element(By.ID, "tab-timeline").send_keys(Keys.ARROW_RIGHT)
    assert settled(page, "return document.activeElement.id") == "tab-compare"
    assert not page.find_element(By.ID, "panel-timeline").is_displayed()
    page.find_element(By.ID, "tab-compare").send_keys(Keys.ARROW_LEFT)
    unnamed = settled(
        page,
        "return [...document.querySelectorAll('button, input, [role=img], [role=region]')]"
        ".filter((e) => !(e.getAttribute('aria-label') || e.getAttribute('aria-labelledby')"
        " || e.textContent.trim() || e.labels?.length)).map((e) => e.outerHTML)",
    )
    assert unnamed == []


def test_the_commands_can_be_copied(page: Chrome, bank: View) -> None:
    lines = [
        c.get_attribute("title") for c in page.find_elements(By.CSS_SELECTOR, "#commands code")
    ]
    assert lines == [line for _, line in bank.commands]
    assert lines[0] == f"raceexplore replay {bank.run.seed}"
    page.find_element(By.CSS_SELECTOR, "#commands button").click()
    settled(page)
    assert text(page, "#commands button") == "✓ copied"
    assert console(page) == []


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
    assert console(page) == []


def test_a_run_that_passed_has_a_page_too(browser: Chrome, tmp_path: Path) -> None:
    run = failing(tmp_path / "bank.py", BANK, Schedule())
    page = shown(browser, tmp_path / "passed.html", view(run, limits=Limits()))
    assert text(page, "#badge") == "✓ PASSED"
    page.find_element(By.ID, "tab-compare").click()
    assert "no deviation" in text(page, "#panel-compare")
    assert console(page) == []
    assert PREEMPT.size == 1

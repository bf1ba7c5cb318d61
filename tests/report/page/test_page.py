"""The page in a real browser: it loads, steps, filters and compares."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

import racy_reads
import racy_values
import racy_waits
from bank_report import failing
from browser import console, count, installed, position, press, requests, settled, shown, text
from raceexplore import Deviation, Limits, Schedule
from raceexplore.report.story.view import View, view

pytestmark = [
    pytest.mark.skipif(
        not installed() and not os.environ.get("CI"),
        reason="no chromium with chromedriver is installed (Debian: chromium chromium-driver)",
    ),
    pytest.mark.xdist_group("browser"),
]


def test_the_page_loads_from_a_file_without_a_word_and_without_a_request(page: Chrome) -> None:
    assert console(page) == []
    urls = [url for url in requests(page) if not url.startswith("data:")]
    assert urls == [page.current_url]
    assert urls[0].startswith("file://")


def test_the_page_opens_at_the_write_that_lost_another(page: Chrome, bank: View) -> None:
    label = bank.rows.race.parts[0].label
    assert text(page, "#headline") == "AssertionError: balance is 10"
    assert text(page, "#badge") == "✕ FAILED"
    assert text(page, "#diagnosis li").startswith(f"Lost update: ann read {label} = 0 (")
    assert position(page) == "5 / 7"
    assert text(page, "#now") == (
        "switch idle#1 waits; ann is next."
        f" Event 5: ann runs from bank.py:8 to its end; writes {label} 20 → 10."
    )


NAMED = {
    "DIRTY_READ": (
        ["writes", "dirty read, acts on it", "takes it back"],
        "False → True; dirty read: dirty read Box.left; dirty read: acts on it Box.sold_out",
    ),
    "CHECK_THEN_ACT": (
        ["checks", "changes it", "acts on it"],
        "W Box.left 1 → 0; check-then-act: changes it Box.left",
    ),
    "DEADLOCK_CYCLE": (
        ["holds", "holds", "waits for", "waits for"],
        "W main.right.(queue) ; deadlock cycle: waits for main.right",
    ),
}


@pytest.mark.parametrize("name", NAMED)
def test_every_kind_of_race_is_named_and_its_steps_are_joined(
    browser: Chrome, tmp_path: Path, name: str
) -> None:
    texts = {**vars(racy_values), **vars(racy_reads), **vars(racy_waits)}
    preempt = Schedule((Deviation("task", "main/ann", 1, "main/bob"),))
    run = failing(tmp_path / "racy.py", racy_values.HEAD + texts[name], preempt)
    page = shown(browser, tmp_path / "racy.html", view(run, limits=Limits()))
    words, row = NAMED[name]
    found = page.find_elements(By.CSS_SELECTOR, "#graph .race-text")
    assert [element.text for element in found] == words
    assert count(page, "#graph .race") == len(words) - 1
    page.find_element(By.ID, "tab-table").click()
    rows = [row.text for row in page.find_elements(By.CSS_SELECTOR, "#panel-table tbody tr")]
    assert any(told.endswith(row) for told in rows), rows
    assert console(page) == []


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
        "W 0", "R 0 stale read", "R 0", "W 0 → 20 lost", "20", "W 20 → 10 overwrites", "10", "R 10",
    ]  # fmt: skip


def test_a_value_leads_to_who_wrote_it_and_to_the_next_write(page: Chrome) -> None:
    press(page, Keys.HOME, Keys.ARROW_RIGHT)
    assert text(page, "#values tbody td:nth-child(3)") == "R ann now next write at 3"
    page.find_element(By.CSS_SELECTOR, "#values .link").click()
    settled(page)
    assert position(page) == "3 / 7"
    press(page, Keys.ARROW_RIGHT)
    assert text(page, "#values tbody td:nth-child(3)") == "W bob at 3 next write at 5"
    page.find_element(By.CSS_SELECTOR, "#values .link").click()
    settled(page)
    assert position(page) == "3 / 7"


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


AIM = (
    "without it ann writes Account.balance (line 13) before bob reads Account.balance"
    " (line 11), and the program passes"
)


def test_the_deviation_is_a_thick_mark_with_a_star(page: Chrome) -> None:
    assert count(page, "#graph .devline") == 1
    assert text(page, "#axis .star") == "★1"
    press(page, "d")
    assert text(page, "#now").startswith(f"★1 deviation bob runs although ann could go on; {AIM}.")


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
    label = bank.rows.race.parts[0].label
    page.find_element(By.ID, "tab-table").click()
    rows = page.find_elements(By.CSS_SELECTOR, "#panel-table tbody tr")
    assert len(rows) == 8
    assert " ".join(rows[2].text.split()).startswith(
        f"2 bob bank.py:10 bank.py:8 goes on 0 s ★1 bob runs although ann could go on; {AIM}."
    )
    assert rows[5].text.endswith(f"W {label} 20 → 10; lost update: overwrites {label}")
    rows[1].find_element(By.TAG_NAME, "button").click()
    settled(page)
    assert position(page) == "1 / 7"


def test_compare_shows_the_other_schedule_and_where_they_part(page: Chrome) -> None:
    page.find_element(By.ID, "tab-compare").click()
    cards = [" ".join(card.text.split()) for card in page.find_elements(By.TAG_NAME, "article")]
    assert len(cards) == 2
    assert cards[0].startswith("This schedule ✕ failed 8 events, 1 deviation.")
    assert "★ after event 1 of main/ann, main/bob goes on" in cards[0]
    assert cards[1].startswith("No deviation: the run on the default schedule ✓ passed 8 events")
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

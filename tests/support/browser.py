"""A real headless Chromium that opens reports from files."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

from raceexplore.report.page.html import html_page
from raceexplore.report.story.view import View

SWITCHES = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--force-device-scale-factor=1",
    "--font-render-hinting=none",
)  # fmt: skip


def installed() -> bool:
    """Whether there is a Chromium with its driver."""
    return all(shutil.which(name) for name in ("chromium", "chromedriver"))


@contextmanager
def chromium(profile: Path, size: tuple[int, int] = (1280, 800)) -> Iterator[webdriver.Chrome]:
    """Open a browser with a profile of its own; its window is ``size``."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for switch in (*SWITCHES, f"--user-data-dir={profile}", f"--window-size={size[0]},{size[1]}"):
        options.add_argument(switch)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    # selenium's own manager is not asked: it would look for drivers on the network
    service = Service(str(shutil.which("chromedriver")), log_output=os.devnull)
    browser = webdriver.Chrome(options=options, service=service)
    try:
        browser.set_script_timeout(60)
        yield browser
    finally:
        browser.quit()


def resize(browser: webdriver.Chrome, width: int, height: int) -> None:
    """Give the page's viewport this size."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def open_page(browser: webdriver.Chrome, path: Path) -> None:
    """Open a report and forget what was logged before."""
    console(browser), requests(browser)
    browser.get(path.resolve().as_uri())
    ready(browser)


def ready(browser: webdriver.Chrome) -> None:
    """Wait until the page has drawn itself, which it does in turns."""
    drawn = """
        const done = arguments[0];
        const drawn = () => document.documentElement.dataset.ready === 'yes';
        const look = () => (drawn() ? done(true) : setTimeout(look, 5));
        look();
    """
    assert browser.execute_async_script(drawn)


def console(browser: webdriver.Chrome) -> list[str]:
    """Return what the console has said since it was last asked."""
    return [entry["message"] for entry in browser.get_log("browser")]


def requests(browser: webdriver.Chrome) -> list[str]:
    """Return the URLs asked for since last time."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    sent = [m["params"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    return [params["request"]["url"] for params in sent]


def settled(browser: webdriver.Chrome, script: str = "") -> Any:
    """Run ``script`` and wait until the page has drawn what it changed."""
    drawn = "requestAnimationFrame(() => requestAnimationFrame(() => done(value)))"
    return browser.execute_async_script(
        f"const done = arguments[0]; const value = (() => {{ {script} }})(); {drawn};"
    )


def press(browser: webdriver.Chrome, *keys: str) -> None:
    """Press one key after the other, and let the page draw after each."""
    for key in keys:
        ActionChains(browser).send_keys(key).perform()
        settled(browser)


def text(browser: webdriver.Chrome, selector: str) -> str:
    """Return the text of the first element, its white space condensed."""
    return " ".join(browser.find_element(By.CSS_SELECTOR, selector).text.split())


def count(browser: webdriver.Chrome, selector: str) -> int:
    """Return how many elements there are."""
    return len(browser.find_elements(By.CSS_SELECTOR, selector))


def position(browser: webdriver.Chrome) -> str:
    """Return where the scrubber stands, e.g. ``5 / 7``."""
    return text(browser, "#position")


def shown(browser: webdriver.Chrome, path: Path, what: View) -> webdriver.Chrome:
    """Write the page for ``what`` and open it."""
    path.write_text(html_page(what), encoding="utf-8")
    open_page(browser, path)
    return browser

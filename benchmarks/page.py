"""How fast the page of a 5,000-event run loads and scrubs, measured in the page itself.

    python benchmarks/page.py [--events 5000] [--rounds 5]

Wants Chromium with its driver (Debian: chromium, chromium-driver) and selenium. A pause is the
time from a change of the slider until the frame that shows it has been drawn.
"""

from __future__ import annotations

import argparse
import linecache
import shutil
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from raceexplore import Limits, by_name, run_once
from raceexplore.report.page.html import html_page
from raceexplore.report.story.view import view
from raceexplore.search.programs.load import load_program

PROGRAM = """
import trio

class Shop:
    def __init__(self):
        self.left = 10_000
        self.orders = {{}}

async def pause(step):
    note = f"step {{step}}"
    await trio.lowlevel.checkpoint()

async def buy(shop, customer):
    for step in range({steps}):
        seen = shop.left
        await pause(step)
        shop.left = seen - 1
        shop.orders[customer, step % 7] = seen

async def main():
    shop = Shop()
    async with trio.open_nursery() as nursery:
        for customer in range({customers}):
            nursery.start_soon(buy, shop, customer)
    assert shop.left < 0
"""
CUSTOMERS = 10
SWITCHES = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--window-size=1280,800",
)  # fmt: skip
SCRUB = """
const done = arguments[arguments.length - 1];
const slider = document.getElementById('slider');
const pauses = [];
const targets = [];
const end = Number(slider.max);
for (let i = 0; i < 60; i += 1) targets.push(Math.round(end * i / 59));        // a drag, end to end
for (let i = 0; i < 60; i += 1) targets.push(Math.round(end / 2) + i);         // event by event
for (let i = 0; i < 30; i += 1) targets.push((i * 2039) % (end + 1));          // jumps
const next = (i) => {
  if (i === targets.length) { done(pauses); return; }
  const began = performance.now();
  slider.value = targets[i];
  slider.dispatchEvent(new Event('input'));
  requestAnimationFrame(() => {
    document.body.getBoundingClientRect();  // lay out now, so that it is counted
    pauses.push(performance.now() - began);
    setTimeout(() => next(i + 1), 0);
  });
};
next(0);
"""
# the first paint, when all is drawn, and the longest of the browser's tasks until then
LOAD = """
const done = arguments[arguments.length - 1];
const tasks = [0];
const observer = new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) tasks.push(entry.duration);
});
observer.observe({ type: 'longtask', buffered: true });
const look = () => {
  const ready = performance.getEntriesByName('ready')[0];
  const paint = performance.getEntriesByName('first-contentful-paint')[0];
  if (!ready || !paint) { setTimeout(look, 10); return; }
  setTimeout(() => done([paint.startTime, ready.startTime, Math.max(...tasks)]), 100);
};
look();
"""


def write_page(folder: Path, events: int) -> tuple[Path, float, int]:
    """Write the page of a run of about ``events`` events; return it, the seconds and the size."""
    steps = events // CUSTOMERS - 1
    source = folder / "shop.py"
    source.write_text(PROGRAM.format(steps=steps, customers=CUSTOMERS), encoding="utf-8")
    linecache.checkcache()
    # a random order is the worst to draw: most events are switches, races and deviations
    scheduler = by_name("random", entropy=1)
    scheduler.begin()
    run = run_once(load_program(str(source)), scheduler)
    began = perf_counter()
    text = html_page(view(run, limits=Limits()))
    seconds = perf_counter() - began
    page = folder / "page.html"
    page.write_text(text, encoding="utf-8")
    print(f"run of {run.steps:,} events: page of {len(text):,} bytes in {seconds:.2f} s")
    return page, seconds, run.steps


def browser(folder: Path) -> webdriver.Chrome:
    """Open a Chromium with a profile of its own."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for switch in (*SWITCHES, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(switch)
    opened = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    opened.set_script_timeout(120)
    return opened


def cpu_ms(opened: Any) -> float:
    """Return the processor time of the page's own thread since it was opened."""
    metrics = opened.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return next(float(each["value"]) for each in metrics if each["name"] == "TaskDuration") * 1e3


def measure(page: Path, opened: Any, rounds: int) -> None:
    """Print, for each round, the time to load and the pauses of 150 moves of the slider.

    The tasks of the load that take less than 50 ms, which the browser does not tell of, count as 0.
    """
    heads = ("paint ms", "ready ms", "task ms", "median ms", "95 % ms", "longest ms")
    print(f"{'round':>5} {' '.join(f'{head:>10}' for head in heads)}")
    best: list[float] = []
    longest, tasks, loads, scrubs = 0.0, [], [], []
    opened.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
    for number in range(1, rounds + 1):
        opened.get(page.as_uri())
        paint, ready, task = opened.execute_async_script(LOAD)
        tasks.append(task)
        loads.append(cpu_ms(opened))
        moves = opened.execute_async_script(SCRUB)
        scrubs.append((cpu_ms(opened) - loads[-1]) / len(moves))
        best = [min(pair) for pair in zip(best, moves, strict=True)] if best else moves
        pauses = sorted(moves)
        middle, high = pauses[len(pauses) // 2], pauses[len(pauses) * 95 // 100]
        longest = max(longest, pauses[-1])
        found = (paint, ready, task, middle, high, pauses[-1])
        print(f"{number:>5} {' '.join(f'{value:>10.1f}' for value in found)}")
    print(f"longest task of a load: {max(tasks):.0f} ms, in the best round {min(tasks):.0f} ms")
    print(f"processor time of the page: {min(loads):.0f} ms a load, {min(scrubs):.1f} ms a move")
    print(f"longest pause of all rounds, with whatever else the machine did: {longest:.0f} ms")
    print(f"longest pause, each move in its fastest round: {max(best):.0f} ms (wanted: under 200)")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    if shutil.which("chromium") is None or shutil.which("chromedriver") is None:
        print("no chromium with chromedriver is installed: nothing measured")
        return
    with tempfile.TemporaryDirectory() as folder:
        page, _, _ = write_page(Path(folder), given.events)
        opened = browser(Path(folder))
        try:
            measure(page, opened, given.rounds)
        finally:
            opened.quit()


if __name__ == "__main__":
    main()

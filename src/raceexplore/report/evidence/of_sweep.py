"""The sheet of a sweep: a row for each setting, with n, interval and closed form."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.program import knob_values
from raceexplore.report.evidence.of_sample import MODE
from raceexplore.report.evidence.sheet import Grid, Sheet
from raceexplore.search.evidence.intervals import percent
from raceexplore.search.evidence.sweep import VISIBLE_RUNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from raceexplore.search.evidence.sweep import Sweep


def sweep_sheet(swept: Sweep, picture: str = "") -> Sheet:
    """Return what ``swept`` says. picture: its curves as SVG."""
    points = swept.points
    rates = [point.rate for point in points]
    told = f"{_what(swept)}: {percent(min(rates))} to {percent(max(rates))} over"
    settings = f"{len(points)} settings" if len(points) > 1 else "one setting"
    closed = any(point.expected is not None for point in points)
    head = ("setting", "runs", "fail", "rate", "95 % interval", *(["closed form"] * closed))
    rows = tuple(tuple(_row(swept, number, closed=closed)) for number in range(len(points)))
    return Sheet(
        outcome="passed",
        word="SWEEP",
        subject=swept.program.name,
        sentence=f"{told} {settings}",
        command="sweep",
        facts=tuple(_facts(swept)),
        grids=(Grid(head, rows, f"{_what(swept)}, by setting; {swept.runs:,} runs each"),),
        picture=picture,
        alt=f"{_what(swept)} by setting, with 95 % intervals",
        seconds=swept.seconds,
    )


def _what(swept: Sweep) -> str:
    return "failing runs" if swept.per is None else " per ".join(swept.per)


def _row(swept: Sweep, number: int, *, closed: bool) -> Iterator[str]:
    point = swept.points[number]
    yield point.knobs.replace(",", " ") or "as it is"
    yield f"{point.sample.runs:,}"
    yield f"{point.sample.failed:,}"
    yield percent(point.rate)
    yield str(point.interval)
    if closed:
        yield "" if point.expected is None else percent(point.expected)


def _facts(swept: Sweep) -> Iterator[str]:
    for seen in swept.visible:
        where = f" at {seen.fixed}" if seen.fixed else ""
        if seen.value is None:
            yield f"{seen.name}{where}: {seen.why}"
        else:
            yield (
                f"{VISIBLE_RUNS} runs show it with 95 % from {seen.name}={seen.value:g} on{where}:"
                f" {percent(seen.rate)} of the runs fail (95 %: {seen.interval})"
            )
    against = sum(point.against for point in swept.points)
    if swept.axes:
        yield (
            f"{against:,} runs failed at a setting and pass at the next one, on the same draws"
            if against
            else "no run that fails at a setting passes at the next one: the curves only rise"
        )
    cut = sum(point.sample.cut for point in swept.points)
    if cut:
        yield f"{cut:,} further runs were cut by a limit and are not counted"
    yield f"{MODE}; the same draws at each setting; entropy {swept.entropy}"


def sweep_csv(swept: Sweep) -> str:
    """Return a line for each setting, under a head: the knobs, and what was measured."""
    names = list(dict.fromkeys(n for p in swept.points for n in knob_values(p.knobs)))
    told = io.StringIO()
    rows = csv.writer(told, lineterminator="\n")
    rows.writerow([*names, "runs", "failed", "cut", "rate", "low_95", "high_95", "expected"])
    for point in swept.points:
        knobs, drawn = knob_values(point.knobs), point.sample
        closed = "" if point.expected is None else f"{point.expected:.12g}"
        ends = (f"{v:.12g}" for v in (point.rate, point.interval.low, point.interval.high))
        varied = (f"{knobs[name]:g}" if name in knobs else "" for name in names)
        rows.writerow([*varied, drawn.runs, drawn.failed, drawn.cut, *ends, closed])
    return told.getvalue()


def sweep_value(swept: Sweep) -> dict[str, Any]:
    """Return ``swept`` as JSON has it."""
    return {
        "program": swept.program.name,
        "mode": MODE,
        "what": _what(swept),
        "entropy": swept.entropy,
        "points": [
            {
                "knobs": dict(knob_values(point.knobs)),
                "runs": point.sample.runs,
                "failed": point.sample.failed,
                "cut": point.sample.cut,
                "rate": point.rate,
                "interval_95": [point.interval.low, point.interval.high],
                "expected": point.expected,
                "against": point.against,
            }
            for point in swept.points
        ],
        "visible": [
            {"knob": s.name, "value": s.value, "fixed": dict(knob_values(s.fixed)), "rate": s.rate,
             "why": s.why}
            for s in swept.visible
        ],
    }  # fmt: skip

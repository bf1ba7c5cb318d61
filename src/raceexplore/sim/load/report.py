"""What a load has measured, as a value, a table, JSON, CSV and a page."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from raceexplore.sim.load.measures import PERCENTILES, Latencies, Measures, Sampled, measured
from raceexplore.sim.load.page import page_of
from raceexplore.sim.load.thresholds import Threshold, threshold

COLUMNS = (
    "scenario", "step", "count", "ok", "fail", "rps", "min_s", "mean_s", "max_s", "stddev_s",
    "p50_s", "p75_s", "p95_s", "p99_s", "fail_p50_s", "fail_p99_s", "bytes", "up_to_800_ms",
    "800_to_1200_ms", "from_1200_ms",
)  # fmt: skip


@dataclass(frozen=True)
class LoadReport:
    """What a load has measured.

    samples: each request and step, in the order of their ends. seconds: that the load took, its
    last answer included. began_s: its start, in virtual seconds. broken: thresholds that did not
    hold at an interval: the second, and which, in words. aborted: why it ended early; empty if not.
    """

    name: str
    samples: tuple[Sampled, ...]
    seconds: float
    began_s: float
    broken: tuple[tuple[float, str], ...] = ()
    aborted: str = ""

    @cached_property
    def measures(self) -> tuple[Measures, ...]:
        """The measures of each scenario, and of its steps."""
        return measured(self.samples, self.seconds)

    def of(self, label: str) -> Measures:
        """Return the measures of a scenario, or of ``scenario / step``. Raises `KeyError`."""
        return {each.label: each for each in self.measures}[label]

    @property
    def instants(self) -> tuple[float, ...]:
        """When the requests were to begin, in order, in virtual seconds."""
        return tuple(sorted(each.due_s for each in self.samples if not each.step))

    def require(self, *thresholds: str | Threshold) -> None:
        """Assert that each threshold holds now, and has held at its intervals.

        Raises `AssertionError`, which is the program's failure, with those that do not.
        """
        read = [threshold(each) if isinstance(each, str) else each for each in thresholds]
        broken = [text for each in read for text in each.broken(self.measures)]
        broken += [f"at {at_s:g} s {text}" for at_s, text in self.broken]
        broken += [f"the load was aborted: {self.aborted}"] if self.aborted else []
        if broken:
            raise AssertionError(f"{self.name}: {'; '.join(broken)}")

    def text(self) -> str:
        """Return tables for a terminal of 80 columns."""
        lines = [f"{self.name}: {self.seconds:g} virtual seconds"]
        lines += [f"aborted: {self.aborted}"] if self.aborted else []
        width = max([len(each.label) for each in self.measures] + [8]) + 2
        head = f"{'':{width}}{'ok':>6} {'fail':>5} {'rps':>7}"
        names = ["mean", *(f"p{each}" for each in PERCENTILES), "max"]
        lines.append(head + "".join(f"{name:>8}" for name in names))
        lines += [_row(each, width) for each in self.measures]
        for each in self.measures:
            if each.statuses:
                told = ", ".join(f"{status}: {count}" for status, count in each.statuses)
                lines.append(f"{each.label}: status {told}")
        for each in self.measures:
            if not each.step:
                fast, middle, slow = each.ok.buckets
                lines.append(
                    f"{each.label}: up to 800 ms {fast}, up to 1200 ms {middle}, more {slow}"
                )
        lines += [f"broken at {at_s:g} s: {text}" for at_s, text in self.broken]
        return "\n".join(lines)

    def value(self) -> dict[str, Any]:
        """Return what `json` writes: plain lists, texts and numbers."""
        rows = [_values(each) for each in self.measures]
        for row, each in zip(rows, self.measures, strict=True):
            row["statuses"] = dict(each.statuses)
        return {
            "name": self.name,
            "seconds": self.seconds,
            "aborted": self.aborted,
            "broken": [list(each) for each in self.broken],
            "measures": rows,
        }

    def json(self) -> str:
        """Return it as JSON; a latency of no request is null."""
        return json.dumps(self.value(), indent=2)

    def csv(self) -> str:
        """Return it as CSV, one line a scenario or step."""
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(_values(each) for each in self.measures)
        return text.getvalue()

    def page(self) -> str:
        """Return it as one HTML page with plots, which needs nothing from elsewhere."""
        return page_of(self.name, self.text(), self.samples, (self.began_s, self.seconds))


def _row(each: Measures, width: int) -> str:
    ok = each.ok
    times = [ok.mean, *(ok.percentile(percent) for percent in PERCENTILES), ok.percentile(100)]
    head = (
        f"{each.label:{width}}{len(ok.seconds):>6} {len(each.failed.seconds):>5} {each.rate:>7.4g}"
    )
    return head + "".join(f"{duration(time):>8}" for time in times)


def duration(seconds: float) -> str:
    """Return a duration with three digits that count: ``12.5 ms``."""
    if math.isnan(seconds):
        return "-"
    if seconds and seconds < 0.9995:
        return f"{seconds * 1000:.3g} ms"
    return f"{seconds:.3g} s"


def _values(each: Measures) -> dict[str, Any]:
    ok, failed = each.ok, each.failed
    fast, middle, slow = ok.buckets
    times = [ok.percentile(0), ok.mean, ok.percentile(100), ok.deviation]
    times += [_at(ok, percent) for percent in PERCENTILES]
    times += [_at(failed, 50), _at(failed, 99)]
    fields = [each.scenario, each.step, each.count, len(ok.seconds), len(failed.seconds), each.rate]
    known = [None if math.isnan(time) else time for time in times]
    return dict(zip(COLUMNS, [*fields, *known, each.size, fast, middle, slow], strict=True))


def _at(latencies: Latencies, percent: float) -> float:
    return latencies.percentile(percent)

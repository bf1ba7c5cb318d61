"""The report of a load: a table, JSON, CSV, and a page that needs nothing from elsewhere."""

from __future__ import annotations

import csv
import io
import json
import re

from raceexplore.sim.load import LoadReport, Sampled

REPORT = LoadReport(
    name="checkout <load>",
    samples=(
        Sampled("buy", "pay", 0.0, 0.9, True, "200", 10),
        Sampled("buy", "", 0.0, 1.0, True, "200", 20),
        Sampled("buy", "", 0.5, 0.1, True, "200", 20),
        Sampled("buy", "", 1.0, 2.0, False, "TimeoutError", 0),
    ),
    seconds=4.0,
    began_s=0.0,
)


def test_the_table_says_what_was_measured() -> None:
    assert REPORT.text() == (
        "checkout <load>: 4 virtual seconds\n"
        "               ok  fail     rps    mean     p50     p75     p95     p99     max\n"
        "buy             2     1    0.75  550 ms  100 ms     1 s     1 s     1 s     1 s\n"
        "buy / pay       1     0    0.25  900 ms  900 ms  900 ms  900 ms  900 ms  900 ms\n"
        "buy: status 200: 2, TimeoutError: 1\n"
        "buy / pay: status 200: 1\n"
        "buy: up to 800 ms 1, up to 1200 ms 1, more 0"
    )


def test_json_and_csv_say_the_same() -> None:
    value = json.loads(REPORT.json())
    (first, second) = value["measures"]
    assert (first["ok"], first["fail"], first["p50_s"], first["fail_p99_s"]) == (2, 1, 0.1, 2.0)
    assert (first["statuses"], first["bytes"]) == ({"200": 2, "TimeoutError": 1}, 40)
    assert second["fail_p50_s"] is None
    rows = list(csv.DictReader(io.StringIO(REPORT.csv())))
    assert [row["step"] for row in rows] == ["", "pay"]
    assert float(rows[0]["p50_s"]) == 0.1
    assert rows[1]["fail_p50_s"] == ""


def test_the_page_has_a_dot_for_each_request_and_loads_nothing() -> None:
    page = REPORT.page()
    assert page.count('<circle class="ok"') == 2
    assert page.count('<circle class="fail"') == 1
    assert "checkout &lt;load&gt;" in page
    assert re.search(r"https?:|<script|src=|nan|inf", page) is None


def test_a_report_of_no_request_can_be_told() -> None:
    empty = LoadReport("load", (), 0.0, 0.0)
    assert (empty.measures, empty.csv().count("\n")) == ((), 1)
    assert "nan" not in empty.page() + empty.text() + empty.json()

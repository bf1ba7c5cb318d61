"""The tour in CONTRIBUTING leads to files that are there, and that a name suffices to find."""

from __future__ import annotations

import re

from house import ROOT

TOUR = (
    (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("### A tour")[2].partition("\n## ")[0]
)
ROWS = [line.split("|")[1:3] for line in TOUR.splitlines() if line.startswith("| ")][1:]


def test_the_tour_has_twenty_questions_and_leads_to_files_that_are_there() -> None:
    assert len(ROWS) == 20
    for question, answer in ROWS:
        for path in re.findall(r"`([\w/]+(?:\.py|/))`", answer):
            homes = (ROOT / "src/raceexplore" / path, ROOT / path)
            assert any(home.exists() for home in homes), f"{question.strip()}: {path}"


def test_a_function_that_the_tour_names_is_in_the_file() -> None:
    for _, answer in ROWS:
        for path, function in re.findall(r"`([\w/]+\.py)` \(`(\w+)`\)", answer):
            assert f"def {function}(" in (ROOT / "src/raceexplore" / path).read_text("utf-8")

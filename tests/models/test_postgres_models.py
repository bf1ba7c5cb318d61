"""The stories on PostgreSQL: proofs of the fixes, and the ten lines that tell each story."""

from __future__ import annotations

from pathlib import Path

import pytest

from raceexplore import explore
from raceexplore.search.programs.load import load_program

MODELS = Path(__file__).resolve().parents[2] / "models"
STORIES = ("bank_transfer", "job_queue", "ticket_shop")
# trace classes of two clients, by dpor; no latency is drawn in these
PROVED = {"bank_transfer/fixed.py": 7, "bank_transfer/fixed_serializable.py": 44}


@pytest.mark.parametrize("story", STORIES)
def test_a_story_has_ten_lines_that_tell_it_and_the_command(story: str) -> None:
    text = (MODELS / story / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) == 10
    assert f"raceexplore run models/{story}/buggy.py" in text


@pytest.mark.parametrize("path", PROVED)
def test_a_fix_is_proved_for_two_clients(path: str) -> None:
    proof = explore(load_program(str(MODELS / path)), scheduler="dpor")
    assert (proof.complete, proof.failures, proof.classes) == (True, (), PROVED[path])

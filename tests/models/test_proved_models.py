"""The stories of services: proofs of the fixes, and the ten lines that tell each story."""

from __future__ import annotations

from pathlib import Path

import pytest

from raceexplore import explore
from raceexplore.search.programs.load import load_program
from raceexplore.toolbox.relative import DRAWS

MODELS = Path(__file__).resolve().parents[2] / "models"
STORIES = ("bank_transfer", "job_queue", "ticket_shop")
# trace classes of two clients, by dpor, where nothing is drawn
PROVED = {
    "bank_transfer/fixed.py": 7,
    "bank_transfer/fixed_serializable.py": 44,
    "cache_aside/fixed.py": 6,
    "cache_stampede/fixed.py": 6,
    "cart/fixed.py": 33,
    "connection_pool/fixed.py": 21,
    "consumer_group/fixed.py": 14,
    "outbox/fixed.py": 15,
    "stub_scenario/fixed.py": 36,
}
# where faults are drawn, as a pause, but no latency: with each draw neutral
PROVED_NEUTRAL = {"g_counter/fixed.py": 24, "job_queue/fixed.py": 4, "rate_limiter/fixed.py": 12}
PROVED_SLOWLY = {"broadcast/fixed.py": 216, "election/fixed.py": 154}
SLOWLY = {"redlock_update/fixed.py": 120}


@pytest.mark.parametrize("story", STORIES)
def test_a_story_has_ten_lines_that_tell_it_and_the_command(story: str) -> None:
    text = (MODELS / story / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) == 10
    assert f"raceexplore run models/{story}/buggy.py" in text


def test_the_page_of_the_models_names_each_story() -> None:
    page = (MODELS.parent / "docs" / "models.md").read_text(encoding="utf-8")
    stories = sorted(path.parent.name for path in MODELS.glob("*/buggy.py"))
    assert [story for story in stories if f"`{story}`" not in page] == []


@pytest.mark.parametrize(
    ("path", "classes"),
    [
        *PROVED.items(),
        *(pytest.param(*each, marks=pytest.mark.slow) for each in PROVED_SLOWLY.items()),
    ],
)
def test_a_fix_is_proved_for_two_clients(path: str, classes: int) -> None:
    proof = explore(load_program(str(MODELS / path)), scheduler="dpor")
    assert (proof.complete, proof.failures, proof.classes) == (True, (), classes)
    assert proof.relative == ()


@pytest.mark.parametrize(
    ("path", "classes"),
    [
        *PROVED_NEUTRAL.items(),
        *(pytest.param(*each, marks=pytest.mark.slow) for each in SLOWLY.items()),
    ],
)
def test_a_fix_is_proved_for_two_clients_but_for_what_is_drawn(path: str, classes: int) -> None:
    proof = explore(load_program(str(MODELS / path)), scheduler="dpor")
    assert (proof.complete, proof.failures, proof.classes) == (True, (), classes)
    assert proof.relative == (DRAWS,)

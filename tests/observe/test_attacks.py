"""No false proof: what `dfs` shows, `dpor` shows too, or it says what it has not seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from attack_programs import Attack, attacked, attacks
from raceexplore.kernel.fence.guard import guarded
from raceexplore.search.programs.load import load_program

ALL = list(attacks())
# What changes Python itself for the rest of the process is left to the slow run.
LEAVES = ("sys.", "os.", "builtins", "gc.", "locale", "logging", "time.", "socket", "setattr")
GENTLE = [attack for attack in ALL if not any(text in attack.source for text in LEAVES)]
EVERY = 9  # of these a fast run tries

pytestmark = pytest.mark.filterwarnings("ignore", "ignore::pytest.PytestUnraisableExceptionWarning")


def check(attack: Attack, folder: Path) -> None:
    path = folder / f"{attack.name}_{attack.form}.py"
    path.write_text(attack.source, encoding="utf-8")
    with guarded():
        verdict = attacked(load_program(str(path)))
    outside = verdict.error.startswith("OutsideWorld")
    assert outside or verdict.word in {"exact", "relative"}, verdict


@pytest.mark.slow  # what the attacks leave behind in this process is seen by other tests
@pytest.mark.parametrize(
    "attack", GENTLE[::EVERY], ids=lambda attack: f"{attack.name}-{attack.form}"
)
def test_no_attack_draws_a_false_proof(attack: Attack, tmp_path: Path) -> None:
    check(attack, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("attack", ALL, ids=lambda attack: f"{attack.name}-{attack.form}")
def test_no_attack_of_all_draws_a_false_proof(attack: Attack, tmp_path: Path) -> None:
    check(attack, tmp_path)

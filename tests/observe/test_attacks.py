"""No false proof: what `dfs` shows, `dpor` shows too, or it says what it has not seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from attack_programs import Attack, attacked, attacks
from raceexplore.kernel.fence.guard import guarded
from raceexplore.search.programs.load import load_program

ALL = list(attacks())
EVERY = 9  # of these a fast run tries


def check(attack: Attack, folder: Path) -> None:
    path = folder / f"{attack.name}_{attack.form}.py"
    path.write_text(attack.source, encoding="utf-8")
    with guarded():
        verdict = attacked(load_program(str(path)))
    assert verdict.word in {"exact", "relative"}, verdict


@pytest.mark.parametrize("attack", ALL[::EVERY], ids=lambda attack: f"{attack.name}-{attack.form}")
def test_no_attack_draws_a_false_proof(attack: Attack, tmp_path: Path) -> None:
    check(attack, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("attack", ALL, ids=lambda attack: f"{attack.name}-{attack.form}")
def test_no_attack_of_all_draws_a_false_proof(attack: Attack, tmp_path: Path) -> None:
    check(attack, tmp_path)

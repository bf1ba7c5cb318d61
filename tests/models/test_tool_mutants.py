"""Each thing that must be true of the tools' stories is broken by some change of their fix."""

from __future__ import annotations

from pathlib import Path

import pytest

from raceexplore import explore
from raceexplore.search.programs.load import load_program

MODELS = Path(__file__).resolve().parents[2] / "models"
LOCKED = "            await lock.flock(wait=False)\n"
MUTANTS = {
    "one is gone": ("cli_config", "        await lock.flock()\n", "        pass\n"),
    "the file holds ''": (
        "cli_config",
        "        await files.write_text(draft, text)\n        await files.rename(draft, CONFIG)\n",
        "        await files.write_text(CONFIG, text)\n",
    ),
    "base, one, two is gone": ("cli_config", "await changed(files, argv[0])", '\'{"a": 1}\''),
    "two commands worked at once": ("cli_lock", LOCKED, "            pass\n"),
    "retry_after_ms": (
        "cli_lock", "            return 5, HELD\n",
        "            return 5, HELD.replace('retry_after_ms', 'later')\n",
    ),
    "LOCK_HELD": (
        "cli_lock", "            return 5, HELD\n",
        "            return 5, HELD.replace('LOCK_HELD', 'BUSY')\n",
    ),
    "held by nobody": ("cli_lock", LOCKED, "            raise BlockingIOError\n"),
}  # fmt: skip


@pytest.mark.parametrize("told", MUTANTS)
def test_each_assertion_is_broken_by_a_change_of_the_fix(told: str, tmp_path: Path) -> None:
    story, old, new = MUTANTS[told]
    text = (MODELS / story / "fixed.py").read_text(encoding="utf-8")
    assert text.count(old) == 1
    file = tmp_path / "mutant.py"
    file.write_text(text.replace(old, new), encoding="utf-8")
    campaign = explore(load_program(str(file)), budget=500, explain=False)
    said = [f"{found.kind}: {found.message} {found.run.failure}" for found in campaign.failures]
    assert any(told in text for text in said), said

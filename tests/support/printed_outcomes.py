"""What came of the clients of a simulated server, as their program printed it, by search."""

from __future__ import annotations

from pathlib import Path

import pytest

from raceexplore import Campaign, explore
from raceexplore.search.programs.load import load_program

BUDGET = 6_000


class Outcomes:
    """Runs a program under a scheduler and gathers what came of it, each once."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
        self.capsys = capsys
        self.path = folder / "clients.py"
        self.path.write_text(text, encoding="utf-8")

    def of(self, scheduler: str) -> tuple[set[str], Campaign]:
        program = load_program(str(self.path))
        self.capsys.readouterr()
        campaign = explore(program, scheduler=scheduler, budget=BUDGET, stop="never", shrink=False)
        assert campaign.failures == ()
        return set(self.capsys.readouterr().out.splitlines()), campaign

    def agree(self) -> int:
        """Check that both searches see the same, and return how many ways there are."""
        every, search = self.of("dfs")
        proved, proof = self.of("dpor")
        assert (proof.complete, proof.relative) == (True, ())
        assert proved >= every
        assert proved == every or not search.complete
        return len(proved)

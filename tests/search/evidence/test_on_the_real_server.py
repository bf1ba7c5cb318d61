"""The ablation of the ticket shop, on a real PostgreSQL: the same days end in the same way."""

from __future__ import annotations

from pathlib import Path

import pytest

from raceexplore.kernel.fence.guard import guarded
from raceexplore.kernel.program import Limits, Program, Settings
from raceexplore.kernel.run import run_once
from raceexplore.search.evidence.sample import Drawn
from raceexplore.search.programs.load import load_program
from raceexplore.search.programs.silence import silence
from raceexplore.sim.real import servers

SHOP = Path(__file__).resolve().parents[3] / "models/ticket_shop"
DAYS = 100


def failing_days(program: Program) -> list[int]:
    """Return which of the first 100 drawn runs fail: the ones of `sample` and of `compare`."""
    scheduler, found = Drawn(0), []
    with silence(), guarded():
        for day in range(DAYS):
            scheduler.begin()
            run = run_once(program, scheduler, limits=Limits(), settings=Settings())
            assert run.outcome in ("passed", "failed")
            found += [day] * (run.failure is not None)
    return found


@pytest.mark.slow
@pytest.mark.xdist_group("postgres")
@pytest.mark.parametrize(
    ("version", "failing"),
    [("buggy", 4), ("wrong_fix_redlock", 38), ("fixed_row_lock", 0), ("fixed", 0)],
)
def test_each_day_of_the_ablation_ends_on_the_server_as_it_does_simulated(
    version: str, failing: int, postgres_dsn: str
) -> None:
    program = load_program(str(SHOP / f"{version}.py"))
    simulated = failing_days(program)
    with servers(postgres=postgres_dsn):
        real = failing_days(program)
    assert real == simulated
    assert len(real) == failing

"""Campaigns written down: all models with all schedulers give what `campaigns.json` says.

After a change of meaning, on purpose: run this file as a script, read the difference in
`campaigns.json`, and say in the commit why each line of it changed.
"""

from __future__ import annotations

import json
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest

from raceexplore import Program, Run, explore
from raceexplore.search.campaign.tally import Tally
from raceexplore.search.programs.load import load_program

ROOT = next(above for above in Path(__file__).parents if (above / "pyproject.toml").exists())
GOLDEN = Path(__file__).with_name("campaigns.json")
MODELS = [f"{story}/{file}" for story in ("cancelled_checkout", "lock_order", "lost_update",
          "ticketing") for file in ("buggy", "fixed", "wrong_fix")]  # fmt: skip
SCHEDULERS = (
    "delay", "dfs", "dpor", "feedback", "freeze", "icb", "lockstep", "pct", "portfolio", "pos",
    "prove", "random", "roundrobin", "sticky", "surw", "swarm", "urw",
)  # fmt: skip
BUDGET = 30  # past the portfolio's opening, and two rounds of those that learn


@cache
def program(model: str) -> Program:
    return load_program(str(ROOT / f"models/{model}.py"))


def digest(texts: list[str]) -> str:
    return blake2b("\n".join(texts).encode(), digest_size=8).hexdigest()


def campaign(model: str, scheduler: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return what a campaign of one process shows, as it is written down."""
    digests: list[str] = []
    add = Tally.add

    def noting(tally: Tally, index: int, run: Run, *more: Any) -> None:
        digests.append(str(run.digest))
        add(tally, index, run, *more)

    with monkeypatch.context() as patched:
        patched.setattr(Tally, "add", noting)
        found = explore(
            program(model), scheduler=scheduler, budget=BUDGET, stop="never", shrink=False
        )
    return {
        "runs": found.runs,
        "complete": found.complete,
        "classes": found.classes,
        "digests": digest(digests),
        "failures": [
            [bug.kind, bug.first_run, bug.count, digest([repr(bug.original.schedule)])]
            for bug in found.failures
        ],
        "certificate": [*found.certificate],
    }


def shrunk(model: str) -> dict[str, Any]:
    """Return what the default campaign makes of the first failure."""
    found = explore(program(model), budget=200)
    return {
        "runs": found.runs,
        "failures": [
            [bug.kind, bug.first_run, bug.shrink_runs, bug.fewest, digest([repr(bug.run.schedule)])]
            for bug in found.failures
        ],
    }


@cache
def golden() -> dict[str, Any]:
    written: dict[str, Any] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return written


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("model", MODELS)
def test_a_campaign_is_as_it_was_written_down(
    model: str, scheduler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert campaign(model, scheduler, monkeypatch) == golden()[f"{model}, {scheduler}"]


@pytest.mark.parametrize("model", MODELS)
def test_a_first_failure_is_shrunk_as_it_was_written_down(model: str) -> None:
    assert shrunk(model) == golden()[f"{model}, shrunk"]


def test_every_scheduler_has_its_campaigns() -> None:
    files = {path.stem for path in (ROOT / "schedulers").glob("*.py")} - {"__init__"}
    assert files == set(SCHEDULERS)


if __name__ == "__main__":
    patch = pytest.MonkeyPatch()
    written = {
        f"{model}, {name}": campaign(model, name, patch) for model in MODELS for name in SCHEDULERS
    } | {f"{model}, shrunk": shrunk(model) for model in MODELS}
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in sorted(written.items())]
    GOLDEN.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")

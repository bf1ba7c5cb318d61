"""Measure the processor time to the first failure of the models: the default against a random walk.

    python benchmarks/first.py [--rounds N] [--entropies N] [--json]

Campaigns in turns, each entropy's best of the rounds, on programs that were loaded before; once
as they find the failure, and once with all that follows: shrinking it and saying why it fails.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from statistics import fmean
from time import process_time  # the real one: the guard patches the module's
from typing import Any

from table import table, tell

from raceexplore import Program, explore
from raceexplore.search.programs.load import load_program

MODELS = Path(__file__).resolve().parent.parent / "models"
SCHEDULERS = ("random", "portfolio")


def best_ms(program: Program, rounds: int, entropies: int, *, shrink: bool) -> dict[str, float]:
    """Return the milliseconds of each scheduler's campaigns, the mean over the entropies."""
    best: dict[tuple[str, int], float] = {}
    for _ in range(rounds):
        for entropy in range(entropies):
            for spec in SCHEDULERS:
                began = process_time()
                explore(program, scheduler=spec, entropy=entropy, shrink=shrink)
                took = (process_time() - began) * 1e3
                best[spec, entropy] = min(took, best.get((spec, entropy), took))
    return {spec: fmean(best[spec, e] for e in range(entropies)) for spec in SCHEDULERS}


def measure(path: Path, rounds: int, entropies: int) -> dict[str, Any]:
    """Return the row of the model at ``path``."""
    program = load_program(str(path))
    runs = {
        f"{spec}_runs": fmean(
            explore(program, scheduler=spec, entropy=e, shrink=False).runs for e in range(entropies)
        )
        for spec in SCHEDULERS
    }
    found = best_ms(program, rounds, entropies, shrink=False)
    told = best_ms(program, 1, min(entropies, 5), shrink=True)
    return {
        "name": path.parent.name,
        **runs,
        **{f"{spec}_ms": ms for spec, ms in found.items()},
        "ratio": found["portfolio"] / found["random"],
        "told_ratio": told["portfolio"] / told["random"],
    }


def show(rows: list[dict[str, Any]]) -> None:
    """Print the table."""
    heads = ["model", "random, runs", "ms", "portfolio, runs", "ms", "ratio", "with the report"]
    texts = [
        [
            row["name"],
            *(f"{row[f'{spec}_{what}']:.1f}" for spec in SCHEDULERS for what in ("runs", "ms")),
            f"{row['ratio']:.2f}",
            f"{row['told_ratio']:.2f}",
        ]
        for row in rows
    ]
    table("to the first failure", heads, texts)


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--entropies", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    paths = sorted(path.with_name("buggy.py") for path in MODELS.glob("*/wrong_fix.py"))
    rows = [measure(path, given.rounds, given.entropies) for path in paths]
    tell(rows, partial(show, rows), as_json=given.json)


if __name__ == "__main__":
    main()

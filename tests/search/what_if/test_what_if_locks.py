"""The section that is named, under a real lock: no schedule fails any more."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from raceexplore import Limits, explore
from raceexplore.search.programs.load import load_program
from raceexplore.search.what_if.statements import Source
from raceexplore.search.what_if.what_if import Trial, atomicity

PROGRAMS = Path(__file__).parent.parent.parent.parent / "benchmarks" / "power_programs"
LIMITS = Limits(steps=2_000)
LOCK = "section_lock"
# Where no rival is the head of a longer statement, or holds a lock already: that would be the one.
LOCKABLE = [
    "containers.py:circular_buffer", "containers.py:stack", "containers.py:work_stealing",
    "locks.py:carter", "locks.py:deadlock", "locks.py:dining4", "locks.py:phase",
    "locks.py:wrong_lock", "signals.py:bluetooth", "values.py:arithmetic",
    "values.py:bank_transfer", "values.py:lost_update", "values.py:reorder5",
    "values.py:time_of_check",
]  # fmt: skip


def locked(trial: Trial) -> str:
    """The source of the program, with one lock around the section and whatever touches the same."""
    spans = (*trial.spans, *trial.rivals)
    (file,) = {span.code.file for span in spans}
    source = Source.of(file)
    places = [source.place_of(span) for span in spans]
    ends = [(p.body, p.body[p.first], p.body[p.last]) for p in places if p is not None]
    for body, one, other in ends:
        first, last = body.index(one), body.index(other)
        lock = ast.withitem(ast.Name(LOCK, ast.Load()))
        body[first : last + 1] = [ast.AsyncWith([lock], body[first : last + 1])]
    (program,) = source.around(spans)
    assert isinstance(program, ast.AsyncFunctionDef)
    program.body.insert(0, ast.parse(f"{LOCK} = trio.Lock()").body[0])
    return ast.unparse(ast.fix_missing_locations(source.tree))


@pytest.mark.parametrize("name", LOCKABLE)
def test_a_lock_around_the_section_and_its_rivals_is_a_fix(name: str, tmp_path: Path) -> None:
    program = load_program(str(PROGRAMS / name))
    found = atomicity(explore(program, limits=LIMITS).failures[0].run, LIMITS)
    assert found is not None
    assert found.cure is not None
    (tmp_path / "fixed.py").write_text(locked(found.cure), encoding="utf-8")
    fixed = load_program(f"{tmp_path / 'fixed.py'}:{program.function.__name__}")
    campaign = explore(fixed, budget=600, limits=LIMITS)
    assert campaign.failures == ()
    assert campaign.cut == 0

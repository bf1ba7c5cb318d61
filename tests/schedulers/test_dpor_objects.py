"""Objects that go from task to task: dpor finds the trace classes that dfs does."""

from __future__ import annotations

from pathlib import Path

import pytest

from raceexplore import Limits, Program, Run, Settings, by_name, explore
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.search.programs.load import load_program
from raceexplore.toolbox import trace_key

PROGRAMS = Path(__file__).parent.parent / "support" / "handed_over"
CLASSES = {
    "module_dict": 36,  # of 90 orders: two reads of one value commute
    "module_list": 6,  # 3!: who appends first, second, third
    "run_variable": 3,  # who stores; the others only read
    "lock_made_late": 6,  # 3!: the order of asking for the lock
    "shared_list": 14,
    "shared_set": 9,
    "channel": 18,
    "closure": 30,
    "task_status": 6,
    "context_variable": 6,  # 4! / (2! 2!)
    "class_attribute": 4,  # both read first, and then write in either order; or one after the other
    "module_variable": 3,
    "slot": 10,
    "object_key": 3,
    "abandoned_generator": 12,
}


def runs(program: Program, scheduler: str) -> list[Run]:
    chooser = by_name(scheduler)
    found = []
    while chooser.begin():
        found.append(observed_run(program, chooser, limits=Limits(), settings=Settings()))
        chooser.end(found[-1])
        assert len(found) < 1_000
    return found


@pytest.mark.parametrize("name", CLASSES)
def test_dpor_explores_each_trace_class_once(name: str) -> None:
    program = load_program(str(PROGRAMS / f"{name}.py"))  # once: trio calls a task by its module
    by_dfs = {trace_key(run.events) for run in runs(program, "dfs")}
    by_dpor = [trace_key(run.events) for run in runs(program, "dpor")]
    assert sorted(by_dpor) == sorted(by_dfs)
    assert len(by_dpor) == CLASSES[name]


def test_the_bug_that_hides_in_a_modules_list_is_found() -> None:
    campaign = explore(load_program(str(PROGRAMS / "module_list.py")), scheduler="dpor")
    assert [found.kind for found in campaign.failures] == ["AssertionError"]


def test_a_proof_is_relative_where_an_object_goes_by_a_way_that_is_not_observed() -> None:
    program = load_program(str(PROGRAMS / "weak_reference.py"))
    first, _ = explore(program, scheduler="dpor").certificate
    assert first.startswith("relative, so no proof: what ")
    assert "a Item went from task to task unobserved" in first
    chooser = by_name("roundrobin")
    chooser.begin()
    last = observed_run(program, chooser, limits=Limits(), settings=Settings())
    the_class = f"{program.function.__module__}.Item"  # read by who asks what it may hold
    names = [{a.resource[0] for a in e.accesses if "Item" in a.resource[0]} for e in last.events]
    assert {name for found in names for name in found} - {the_class} == {"leaked Item"}
    touched = [event for event, found in zip(last.events, names, strict=True) if found]
    assert all(event.opaque for event in touched)

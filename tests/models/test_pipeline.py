"""The pipeline story: four races, none in the fix; its past at every step; undo is a run without.

The checks S1 to S5 of the story, by name.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from raceexplore import (
    Deviation,
    Limits,
    Program,
    Replay,
    Run,
    Schedule,
    Settings,
    explore,
    run_once,
)
from raceexplore.debug.show.audit import audit
from raceexplore.debug.show.undo import undo_entry
from raceexplore.kernel.seed import decode
from raceexplore.kernel.standing.domain import domain
from raceexplore.search.corpus.replay import Stored
from raceexplore.search.observed.domain_texts import rows
from raceexplore.search.observed.watched_run import watched_run
from raceexplore.search.programs.load import load_program
from raceexplore.sim.eventlog import EventLog, logs

PIPELINE = Path(__file__).resolve().parents[2] / "models" / "pipeline"
RACES = {
    "twice": "work was done by ['analyze', 'analyze']",
    "main": "a cancelled stage is completed",
    "blocked": "a stage has moved while a question was open",
    "outdated": "a completed stage is built on an old context",
}
# trace classes of the fix, by dpor
CLASSES = {"twice": 4, "main": 3, "blocked": 3, "outdated": 3}


def program(file: str, name: str) -> Program:
    return load_program(f"{PIPELINE / file}.py:{name}")


@pytest.mark.parametrize("file", ["buggy", "wrong_fix_log"])
@pytest.mark.parametrize("name", RACES)
def test_s1_each_race_is_found_in_under_100_schedules_and_is_one_deviation(
    file: str, name: str
) -> None:
    (found,) = explore(program(file, name), budget=100, explain=False).failures
    assert found.message.splitlines()[0] == RACES[name]  # pytest explains asserts below it
    assert found.run.schedule.size == 1


@pytest.mark.parametrize("name", RACES)
def test_s1_the_fix_has_none_of_them_exhaustively(name: str) -> None:
    proof = explore(program("fixed", name), scheduler="prove")
    assert (proof.complete, proof.failures, proof.never) == (True, (), ())
    assert proof.classes == CLASSES[name]
    assert "relative" not in proof.certificate


def test_s4_the_printed_map_outdates_what_comes_before() -> None:
    (found,) = explore(program("buggy", "cascade"), explain=False).failures
    assert found.message.splitlines()[0] == "a change of analyze has outdated ['idea']"
    assert explore(program("fixed", "cascade"), scheduler="prove").failures == ()


def every_run(name: str) -> list[Run]:
    """Return a run of the fix for each of its trace classes, and some more."""
    found: dict[Schedule, Run] = {}
    fixed = program("fixed", name)
    for deviations in [(), *[(d,) for d in _switches(fixed)]]:
        run = run_once(fixed, Replay(Schedule(deviations)), record=True)
        assert run.failure is None
        found[run.schedule] = run
    return list(found.values())


def _switches(fixed: Program) -> list[Deviation]:
    events = run_once(fixed, Replay(), record=True).events
    paths = sorted({event.task for event in events})
    return [
        Deviation("task", e.task, e.nth, path) for e in events for path in paths if path != e.task
    ]


class Live:
    """The log of a run, and its version and the domain after each event."""

    def __init__(self, run: Run) -> None:
        self.log: EventLog[Any, Any]
        self.versions: list[int] = []
        self.states: list[object] = []
        run_once(run.program, Replay(run.schedule), record=True, watch=self.look)

    def look(self, *_: object) -> None:
        (self.log,) = logs().values()
        self.versions.append(len(self.log.entries))
        self.states.append(domain()["pipeline"])


@pytest.mark.parametrize("name", RACES)
def test_s2_the_prefix_of_the_log_is_the_state_at_that_step_for_every_step(name: str) -> None:
    for run in every_run(name):
        live = Live(run)
        folded = [live.log.at(version) for version in live.versions]
        assert folded == live.states
        # what `show --step` prints is that state, too
        shown = watched_run(run.program, run.schedule, settings=Settings()).domain
        assert list(shown) == [tuple(rows("pipeline", state)) for state in folded]


@pytest.mark.parametrize("name", RACES)
def test_s3_undo_is_the_run_without_the_event_or_names_what_depends_on_it(name: str) -> None:
    alone = named = 0
    for run in every_run(name):
        log = Live(run).log
        for number in range(1, len(log.entries) + 1):
            stored = Stored(run.seed, decode(run.seed), run.program, Limits())
            found = undo_entry(stored, "pipeline", number)
            again = EventLog(log.reduce, log.at(0), name="pipeline", entries=log.entries)
            if found["dependents"] or found["instead"]:
                named += 1
                assert all(each["entry"] > number for each in found["dependents"])
                continue
            alone += 1
            assert found["state"] == dict(rows("pipeline", again.undo(number)))
    assert alone
    assert named


def test_s5_the_audit_tells_who_what_when_and_because_of_what() -> None:
    run = watched_run(program("fixed", "main"), Schedule(), settings=Settings()).run
    told = [(entry["who"], entry["what"][0], entry["because"]) for entry in audit(run)]
    assert [each for each in told if each[1].startswith("pipeline")] == [
        ("main/stage", "pipeline #1 Started(stage='analyze')", [0]),
        ("main/stage", "pipeline #2 Completed(stage='analyze', run=1), because of #1", [1]),
    ]


def test_s5_the_first_step_is_found_by_halves() -> None:
    log = Live(run_once(program("fixed", "cascade"), Replay(), record=True)).log
    looks = 0

    def three_done(state: Any) -> bool:
        nonlocal looks
        looks += 1
        return [status.value for status in state.stages.values()].count("completed") >= 3

    assert log.version == 11
    assert log.first_step_where(lambda state: state.runs >= 3) == 5
    assert log.first_step_where(three_done) is None  # the change has outdated four
    assert looks == 1
    assert log.first_step_where(lambda state: state.context > 0) == 11
    assert math.ceil(math.log2(log.version + 1)) == 4

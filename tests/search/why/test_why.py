"""Why a failure happens: what each deviation turns round, in words and as values."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

from command import Rx
from raceexplore import Limits, Replay, explore
from raceexplore.kernel.fence.guard import guarded
from raceexplore.report.page.data import page_data
from raceexplore.report.story.view import view
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.search.programs.load import load_program
from raceexplore.search.why.order_constraints import Index
from raceexplore.search.why.why import Why
from raceexplore.search.why.wording import Words
from stories import MODELS, QUICK, ROOT

LIMITS = Limits(steps=2_000)
ENDS = {"passed": "passes", "cut": "is cut"}


def explained(path: str) -> Why:
    campaign = explore(load_program(str(ROOT / path)), budget=4_000, limits=LIMITS)
    why = campaign.failures[0].why
    assert why is not None
    return why


@pytest.mark.parametrize("path", [*MODELS, *QUICK])
def test_each_deviation_turns_the_order_round_that_it_is_said_to(path: str) -> None:
    why = explained(path)
    run = why.run
    assert [reason.deviation for reason in why.reasons] == list(run.schedule.deviations)
    here = Index(run.events)
    for number, reason in enumerate(why.reasons):
        assert reason.conflict is not None
        first, then = reason.conflict.constraint.first, reason.conflict.constraint.then
        assert first.deed.task != then.deed.task
        assert here.find(first) is not None
        later = here.find(then)
        assert later is None or later > here.find(first)
        with guarded():
            schedule = Replay(run.schedule.without(number))
            other = observed_run(run.program, schedule, limits=LIMITS, settings=run.settings)
        there = Index(other.events)
        late = there.find(first)
        assert there.find(then) is not None
        assert late is None or late > there.find(then)
        same = (
            other.failure and run.failure and other.failure.fingerprint == run.failure.fingerprint
        )
        failed = "fails in the same way" if same else "fails in another way"
        assert reason.instead == ENDS.get(other.outcome, failed)


def test_the_ticketing_report_names_the_read_of_the_stock_and_the_write_after_it(rx: Rx) -> None:
    out = rx("run", str(ROOT / "models/ticketing/buggy.py")).out
    told = " ".join(out.split())
    assert (
        "One ordering decides it: keep it and the default schedule, with every latency at its"
        " median, fails, reverse it and it does not."
        " bob reads Cache.left = 1 (step 7, backend.py:37)"
        " before ann writes Cache.left = 0 -> -1 (step 9, backend.py:43)"
    ) in told
    assert "DECR takes 2.81 ms instead of the median so that bob reads Cache.left first" in told
    (file,) = ROOT.glob("corpus/ticketing-buggy-*.json")
    again = rx("replay", str(file), str(ROOT / "models/ticketing/buggy.py")).out
    assert "bob reads Cache.left = 1 (step 7, backend.py:37)" in again


def test_what_no_order_explains_is_said_to_be_so(rx: Rx) -> None:
    out = rx("run", str(ROOT / "models/cancelled_checkout/buggy.py")).out
    told = " ".join(out.split())
    # how slow the call is that a scheduler meets first is its own affair
    assert re.search(
        r"No order of accesses explains it: the default schedule with ann's price taking"
        r" [12]\.\d+ s fails\.",
        told,
    )
    assert "enough" not in told


def test_a_failure_of_the_default_schedule_is_told_by_what_makes_it_pass() -> None:
    why = explained("benchmarks/power_programs/locks.py:account")
    claim, order = Words(why).lines()
    assert claim == "One ordering makes the default schedule pass:"
    assert " before " in order
    assert why.reasons == ()
    # it is no way to find the failure again
    assert not why.orders.guide.constraints


def test_the_page_tells_the_orders_and_what_each_deviation_is_for() -> None:
    program = load_program(str(ROOT / "models/lost_update/buggy.py"))
    found = explore(program, budget=4_000, limits=LIMITS).failures[0]
    data = page_data(view(found.run, limits=LIMITS, known=found))
    claim, order = data["diagnosis"][-2:]
    assert claim.startswith("One ordering decides it: keep it and the default schedule fails")
    assert order == (
        "deposit 30 reads Account.balance = 10 (step 4, line 14) before deposit 20 writes"
        " Account.balance = 40 -> 30 (step 6, line 16)"
    )
    (deviation,) = data["why"]["deviations"]
    assert deviation["text"] == (
        "without it deposit 20 writes Account.balance (line 16) before deposit 30 reads"
        " Account.balance (line 14), and the program passes"
    )


RUN = [sys.executable, "-m", "raceexplore", "run"]


@pytest.mark.parametrize("path", ["models/lock_order/wrong_fix.py", QUICK[7]])
def test_all_of_it_is_the_same_in_another_process(path: str, tmp_path: object) -> None:
    told = []
    for seed in ("1", "2"):
        ended = subprocess.run(
            [*RUN, str(ROOT / path), "--scheduler", "random", "--format", "json"],
            cwd=str(tmp_path),
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT / "src")},
            capture_output=True,
            text=True,
            check=False,
        )
        told.append(json.loads(ended.stdout)["failures"][0]["why"])
    assert told[0] == told[1]
    assert told[0]["orders"]

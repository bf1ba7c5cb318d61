"""The kind of a race: named where its pattern is there, and not where it is not."""

from __future__ import annotations

import linecache
from pathlib import Path

import pytest

import racy_reads
import racy_values
import racy_waits
from raceexplore import Limits, Run, Settings, by_name, explore
from raceexplore.report.story.race_words import told
from raceexplore.search.observed.observed_run import observed_run
from raceexplore.search.programs.load import load_program
from raceexplore.search.race_kinds.case import Race
from raceexplore.search.race_kinds.race_of import race_of
from raceexplore.search.why.why import Why

ROOT = Path(__file__).parents[3]
PROGRAMS = {
    n: text
    for m in (racy_values, racy_reads, racy_waits)
    for n, text in vars(m).items()
    if n.isupper()
}
LIMITS = Limits(steps=2_000)
ORDERS = 100  # of each twin
# The program, the kind, and the race in short: who did what, with which value.
RACES = {
    "LOST_UPDATE": ("lost update", "ann read 0, bob wrote 1, ann wrote 1"),
    "STALE_READ": ("stale read", "ann read 0, bob wrote 1, ann failed on 1"),
    "READ_SKEW": ("stale read", "ann read 10, bob wrote 6, ann failed on 4"),
    "CHECK_THEN_ACT": ("check-then-act", "ann read 1, bob wrote 0, ann wrote -1"),
    "CHECK_THEN_POP": (
        "check-then-act",
        "ann read ['last'], bob wrote [], ann failed on []",
    ),
    "DIRTY_READ": ("dirty read", "ann wrote 0, bob read 0, ann wrote 1, bob wrote True"),
    "DIRTY_AND_STALE": ("dirty read", "ann wrote 0, bob read 0, ann wrote 1, bob wrote True"),
    "WRITE_SKEW": ("write skew", "ann read True, ann wrote False, bob read True, bob wrote False"),
    "ABA": (
        "ABA",
        (
            "ann read 'a', bob wrote 'b', bob wrote 'a', ann read 'a', ann wrote 'b', ann read 'b',"
            " bob wrote ''"
        ),
    ),
    "DEADLOCK_CYCLE": ("deadlock cycle", "ann waits for, bob holds, bob waits for, ann holds"),
    "WITH_A_SEMAPHORE": ("deadlock cycle", "ann waits for, bob holds, bob waits for, ann holds"),
    "LEAK_ON_CANCEL": ("leak on cancel", "ann took [1], ann cancelled"),
    "LEAK_OF_A_SEMAPHORE": ("leak on cancel", "ann took, ann cancelled"),
    "LOST_WAKEUP": ("lost wakeup", "ann read False, bob wrote True, bob signalled, ann waits"),
    "LOST_IN_A_LIST": (
        "lost wakeup",
        "ann read False, bob wrote True, bob signalled [], ann waits",
    ),
    "HIJACKED": ("lost wakeup", "cem read 0, bob wrote 2, ann woke instead, cem waits"),
}
TWINS = (
    "AT_ONE_STEP",
    "IN_A_LOCK",
    "OF_NO_ACCOUNT",
    "HANDED_OVER",
    "BEFORE_AND_AFTER",
    "IN_THE_MIDDLE",
    "KEPT",
    "NO_MATTER",
    "SHOWN",
    "CHECKED_TWICE",
    "AT_ONCE",
    "TAKING_TURNS",
    "AS_IT_WAS",
    "NOBODY_CALLS",
    "GIVEN_BACK",
    "GIVEN_BACK_BESIDE_A_SALE",
    "CANCELLED_WHEN_DONE",
    "NEVER_TOLD",
    "UNDER_THE_LOCK",
    "FORGOTTEN",
    "BOTH_WAIT",
)
# What a reader of the programs expects. None: a mistake that is no race, or that has no such name.
CLASSICS = {
    "containers.py:aba_stack": "ABA",
    "containers.py:circular_buffer": "check-then-act",  # the place is worked out, then used
    "containers.py:queue": "check-then-act",
    "containers.py:stack": "check-then-act",
    "containers.py:work_stealing": "check-then-act",  # the owner tests, the thief takes
    "locks.py:account": None,  # a wrong expectation: every critical section is right
    "locks.py:carter": "deadlock cycle",  # a lock and a semaphore
    "locks.py:deadlock": "deadlock cycle",
    "locks.py:dining2": "deadlock cycle",
    "locks.py:dining3": "deadlock cycle",
    "locks.py:dining4": "deadlock cycle",
    "locks.py:dining5": "deadlock cycle",
    "locks.py:dining6": "deadlock cycle",
    "locks.py:dining7": "deadlock cycle",
    "locks.py:lazy": None,  # a wrong expectation
    "locks.py:phase": "deadlock cycle",
    "locks.py:string_buffer": "stale read",  # the length, of a buffer that has shrunk
    "locks.py:two_stage1": None,  # reads between two writes that belong together: dirty
    "locks.py:two_stage20": None,
    "locks.py:two_stage100": None,
    "locks.py:wrong_lock": "stale read",
    "signals.py:bluetooth": "check-then-act",
    "signals.py:bounded_buffer": "lost wakeup",  # hijacked by a task of the same side
    "signals.py:sync01": "lost wakeup",
    "signals.py:sync02": "lost wakeup",
    "signals.py:writer_starts_late": "write skew",  # readers read writing; the writer, readers
    "values.py:arithmetic": None,  # each turn reads and adds at once: the order is what is wrong
    "values.py:bank_transfer": "lost update",
    "values.py:deep3": None,  # an order of three tasks, none of which relies on a read
    "values.py:double_checked": None,  # published before it is filled: dirty
    "values.py:lost_update": "lost update",
    "values.py:peterson": None,  # writes in the wrong order: no read is outdated
    "values.py:reorder3": None,  # dirty
    "values.py:reorder4": None,
    "values.py:reorder5": None,
    "values.py:reorder10": None,
    "values.py:reorder20": None,
    "values.py:time_of_check": "check-then-act",
    "values.py:token_ring": None,  # an order of steps each of which is atomic
}
MODELS = {
    "cancelled_checkout": "leak on cancel",
    "lock_order": "deadlock cycle",
    "lost_update": "lost update",
    "ticketing": "check-then-act",
}
SLOW = "locks.py:two_stage100"


def shrunk(name: str) -> tuple[Run, Why | None]:
    """Return the first failure of the program, as small as it gets, observed; and why it fails."""
    campaign = explore(load_program(name), scheduler="portfolio", budget=5_000, limits=LIMITS)
    assert campaign.failures, name
    return campaign.failures[0].run, campaign.failures[0].why


def in_short(race: Race) -> str:
    names = [point.task.rpartition("/")[2] for point in race.points]
    pairs = zip(names, race.points, strict=True)
    return ", ".join(f"{name} {point.did} {point.value}".rstrip() for name, point in pairs)


@pytest.fixture
def written(tmp_path: Path, name: str) -> Path:
    """The file of the small program ``name``."""
    path = tmp_path / "racy.py"
    path.write_text(PROGRAMS["HEAD"] + PROGRAMS[name])
    linecache.checkcache()
    return path


@pytest.mark.parametrize("name", RACES)
def test_a_race_is_named_by_its_pattern(name: str, written: Path) -> None:
    race = race_of(*shrunk(str(written)))
    assert race is not None
    assert (race.kind, in_short(race)) == RACES[name]


@pytest.mark.parametrize("name", ["WRITE_SKEW", "LOST_UPDATE", "CHECK_THEN_ACT"])
def test_a_race_of_other_objects_than_the_orders_that_suffice_does_not_count(
    name: str, written: Path
) -> None:
    run, _ = shrunk(str(written))
    other, of_data = shrunk(str(ROOT / "models" / "lost_update" / "buggy.py"))
    assert race_of(other, of_data) is not None
    assert race_of(run, of_data) is None
    _, of_locks = shrunk(str(ROOT / "benchmarks" / "power_programs" / "locks.py:deadlock"))
    race = race_of(run, of_locks)  # who had a lock first may well decide about data
    assert race is not None
    assert race.kind == RACES[name][0]


@pytest.mark.parametrize("name", TWINS)
def test_a_twin_without_the_pattern_bears_no_name_in_any_order(name: str, written: Path) -> None:
    scheduler, failed = by_name("random", entropy=1), 0
    program = load_program(str(written))
    for _ in range(ORDERS):
        assert scheduler.begin()
        run = observed_run(program, scheduler, limits=LIMITS, settings=Settings(), values=True)
        scheduler.end(run)
        failed += run.failure is not None
        assert race_of(run) is None, told(run, race_of(run))
    assert failed


def test_every_small_program_is_expected_to_be_something() -> None:
    assert set(PROGRAMS) == {"HEAD", *RACES, *TWINS}


@pytest.mark.parametrize("name", [name for name in CLASSICS if name != SLOW])
def test_a_classic_bug_is_called_what_it_is(name: str) -> None:
    race = race_of(*shrunk(str(ROOT / "benchmarks" / "power_programs" / name)))
    assert (race.kind if race else None) == CLASSICS[name]


@pytest.mark.slow
def test_a_hundred_writers_are_no_race_of_a_known_kind() -> None:
    assert race_of(*shrunk(str(ROOT / "benchmarks" / "power_programs" / SLOW))) is None


def test_every_classic_bug_is_expected_to_be_something() -> None:
    found = set()
    for path in (ROOT / "benchmarks" / "power_programs").glob("*.py"):
        for line in path.read_text().splitlines():
            name = line.removeprefix("async def ").partition("(")[0]
            if line.startswith("async def ") and not name.startswith("_") and name != "together":
                found.add(f"{path.name}:{name}")
    assert found == set(CLASSICS)


@pytest.mark.parametrize("version", ["buggy", "wrong_fix"])
@pytest.mark.parametrize("model", MODELS)
def test_the_bug_of_a_model_is_called_what_it_is(model: str, version: str) -> None:
    race = race_of(*shrunk(str(ROOT / "models" / model / f"{version}.py")))
    assert race is not None
    assert race.kind == MODELS[model]


TOLD = {
    "LOST_UPDATE": (
        "Lost update: ann read Box.n = 0 (step 1, line 21), bob wrote 1 (step 3, line 23) in"
        " between, and ann wrote 1 over it (step 4, line 23)."
    ),
    "STALE_READ": (
        "Stale read: ann read Box.n = 0 (step 1, line 21), bob wrote 1 (step 2, line 26), and ann,"
        " which relied on what it had read, failed at Box.n = 1 (step 3, line 23)."
    ),
    "CHECK_THEN_ACT": (
        "Check-then-act: ann read Box.left = 1 (step 1, line 21), bob wrote 0 (step 3, line 23),"
        " and ann then wrote Box.left = -1 (step 4, line 23)."
    ),
    "DIRTY_READ": (
        "Dirty read: ann wrote Box.left = 0 (step 1, line 21), bob read it (step 2, line 26), ann"
        " took it back and wrote 1 (step 3, line 23), and bob, which relied on what it had read,"
        " wrote Box.sold_out = True (step 2, line 27)."
    ),
    "WRITE_SKEW": (
        "Write skew: ann read Box.bob = True (step 1, line 21) and wrote Box.ann = False (step 4,"
        " line 23); bob read Box.ann = True (step 2, line 26) and wrote Box.bob = False (step 3,"
        " line 28); each had read before the other wrote."
    ),
    "DEADLOCK_CYCLE": (
        "Deadlock cycle: ann holds main.left (step 1, line 21) and waits for bob's main.right"
        " (step 4, line 22); bob holds main.right (step 2, line 26) and waits for ann's main.left"
        " (step 3, line 27)."
    ),
    "LEAK_OF_A_SEMAPHORE": (
        "Leak on cancel: ann took main.pool (step 1, line 22), was cancelled (step 4, line 23),"
        " and never gave it back."
    ),
    "LOST_WAKEUP": (
        "Lost wakeup: ann read Box.ready = False (step 2, line 21), bob wrote True (step 3,"
        " line 27) and signalled (step 3, line 28) before ann began to wait (step 4, line 23),"
        " for ever."
    ),
    "HIJACKED": (
        "Lost wakeup: cem read Box.n = 0 (step 8, line 27), bob wrote 2 (step 10, line 34), but its"
        " signal woke ann, which could not go on and waits again (step 11, line 23); cem, which"
        " could, waits for ever (step 8, line 28)."
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_a_race_is_told_with_names_values_steps_and_lines(name: str, written: Path) -> None:
    run, why = shrunk(str(written))
    assert told(run, race_of(run, why)) == TOLD[name]

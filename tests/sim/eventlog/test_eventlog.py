"""An event log: versions, folds, snapshots, search by halves, undo, audit; in and out of runs."""

from __future__ import annotations

import math
from typing import NamedTuple

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from raceexplore import BadOption, Replay, World, explore, run_once
from raceexplore.sim.eventlog import Conflict, Depended, EventLog, EventStore, Refused, Undone


class Put(NamedTuple):
    amount: int


class Take(NamedTuple):
    amount: int


def balance(state: int, event: Put | Take) -> int:
    if isinstance(event, Put):
        return state + event.amount
    if event.amount > state:
        raise Refused(f"{event.amount} of {state}")
    return state - event.amount


def account(*events: Put | Take, every: int = 64) -> EventLog[int, Put | Take]:
    log = EventLog(balance, 0, name="account", every=every)
    for event in events:
        log.append(event, by="ann")
    return log


amounts = st.lists(st.integers(-9, 9), max_size=40)


def test_the_state_is_the_fold_and_each_version_can_be_asked_for() -> None:
    log = account(Put(5), Take(2), Put(4))
    assert (log.version, log.state) == (3, 7)
    assert [log.at(version) for version in range(4)] == [0, 5, 3, 7]
    with pytest.raises(IndexError, match="account has the versions 0 to 3, not 4"):
        log.at(4)


def test_an_append_on_an_old_version_is_a_conflict_and_appends_nothing() -> None:
    log = account(Put(5))
    log.append(Put(1), expected_version=1)
    with pytest.raises(Conflict, match="account is at version 2, not 1: look again, and decide"):
        log.append(Put(1), expected_version=1)
    assert (log.version, log.state) == (2, 6)


def test_what_the_reducer_refuses_is_not_appended() -> None:
    log = account(Put(5))
    with pytest.raises(Refused, match="6 of 5"):
        log.append(Take(6))
    assert (log.version, log.state) == (1, 5)


def test_a_cause_is_an_earlier_entry() -> None:
    log = account()
    first = log.append(Put(5))
    assert log.append(Take(1), caused_by=first).caused_by == (1,)
    assert log.append(Take(1), caused_by=[first, 2]).caused_by == (1, 2)
    with pytest.raises(ValueError, match="account has no entry #9 that could be a cause"):
        log.append(Put(1), caused_by=9)


def test_the_audit_tells_who_what_when_and_why() -> None:
    seconds = iter([10.0, 11.5])
    log = EventLog(balance, 0, name="account", now=lambda: next(seconds))
    log.append(Put(5), by="ann")
    log.append(Take(1), by="bob", caused_by=1, expected_version=1)
    assert [tuple(entry) for entry in log.entries] == [
        (1, Put(5), "ann", 10.0, (), None),
        (2, Take(1), "bob", 11.5, (1,), 1),
    ]


def test_a_log_that_was_kept_goes_on_where_it_was() -> None:
    log = account(Put(5), Put(1))
    log.undo(1)
    again = EventLog(balance, 0, name="account", entries=log.entries)
    assert (again.version, again.state, again.entries) == (3, 1, log.entries)


@given(amounts, st.integers(1, 7))
def test_snapshots_change_no_answer(amounts: list[int], every: int) -> None:
    log = EventLog[int, int](lambda state, event: state + event, 0, every=every)
    for amount in amounts:
        log.append(amount)
    assert [log.at(k) for k in range(len(amounts) + 1)] == [
        sum(amounts[:k]) for k in range(len(amounts) + 1)
    ]


@given(st.integers(0, 300), st.integers(0, 300))
def test_the_first_step_is_found_by_halves(total: int, first: int) -> None:
    log = EventLog[int, int](lambda state, event: state + event, 0)
    for _ in range(total):
        log.append(1)
    folds = 0

    def reached(state: int) -> bool:
        nonlocal folds
        folds += 1
        return state >= first

    assert log.first_step_where(reached) == (first if first <= total else None)
    assert folds - 1 <= math.ceil(math.log2(total + 1))  # the state now needs no fold


@given(st.lists(st.integers(1, 9), min_size=1, max_size=12), st.data())
def test_an_undo_is_the_log_without_the_event_and_can_be_undone(
    amounts: list[int], data: st.DataObject
) -> None:
    log = EventLog[int, int](lambda state, event: state * 2 + event, 0, every=3)
    for amount in amounts:
        log.append(amount)
    number = data.draw(st.integers(1, len(amounts)))
    without = EventLog[int, int](lambda state, event: state * 2 + event, 0)
    for amount in amounts[: number - 1] + amounts[number:]:
        without.append(amount)
    before = log.state
    assert log.undo(number) == without.state == log.at(len(amounts) + 1)
    assert log.at(len(amounts)) == before  # what was, stays to be asked for
    assert log.undo(len(amounts) + 1) == before


def test_an_event_that_others_need_is_not_undone_alone() -> None:
    log = account(Put(5), Put(1), Take(4))
    paid = log.append(Put(1), caused_by=3)
    with pytest.raises(Depended) as error:
        log.undo(1, by="bob")
    assert str(error.value) == (
        "account #1 cannot be undone alone: #3 Take(amount=4), #4 Put(amount=1) depend on it"
    )
    assert error.value.entries == log.dependents(1) == (log.entries[2], paid)
    assert (log.version, log.state) == (4, 3)
    assert log.undo(1, by="bob", cascade=True) == 1
    assert log.entries[-1].event == Undone((1, 3, 4))
    with pytest.raises(IndexError, match="account has no entry #3 that is not undone"):
        log.undo(3)
    assert log.undo(5) == 3


def test_snapshots_are_at_least_one_entry_apart() -> None:
    with pytest.raises(BadOption, match="every entry or more, not every 0"):
        account(every=0)


async def spends(world: World) -> None:
    """Two tasks check the balance, wait, and spend what may be gone."""
    log = EventLog(lambda state, event: state + event, 5, name="account")

    async def spend(amount: int) -> None:
        if log.state >= amount:
            await trio.lowlevel.checkpoint()
            log.append(-amount)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(spend, 3, name="ann")
        nursery.start_soon(spend, 4, name="bob")
    assert log.state >= 0, log.state


async def decides(world: World) -> None:
    """The same, but each appends only on what it has seen."""
    log = EventLog(lambda state, event: state + event, 5, name="account")

    async def spend(amount: int) -> None:
        version = log.version
        if log.state >= amount:
            await trio.lowlevel.checkpoint()
            try:
                log.append(-amount, expected_version=version)
            except Conflict:
                world.sometimes("a conflict")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(spend, 3, name="ann")
        nursery.start_soon(spend, 4, name="bob")
    assert log.state >= 0, log.state


def test_a_log_in_a_run_is_explored_like_any_shared_state() -> None:
    (found,) = explore(spends).failures
    assert found.run.schedule.size == 1
    proof = explore(decides, scheduler="dpor")
    assert (proof.complete, proof.failures, proof.never) == (True, (), ())


def test_in_a_run_the_task_is_who_and_virtual_time_is_when() -> None:
    async def program(world: World) -> None:
        store = EventStore(world, balance, 0, name="account")
        await world.sleep(2.5)
        await store.append(Put(5))
        state, version = await store.load()
        await store.append(Take(state), expected_version=version, caused_by=1)
        assert [tuple(entry) for entry in await store.read(after=1)] == [
            (2, Take(5), "main", 2.5, (1,), 1)
        ]

    run = run_once(program, Replay(), record=True)
    assert run.failure is None
    assert [note for event in run.events for note in event.notes] == [
        "account #1 Put(amount=5)",
        "account #2 Take(amount=5), because of #1",
    ]


def test_two_logs_of_one_name_have_two_names() -> None:
    async def program(world: World) -> None:
        logs = [EventLog(balance, 0, name="account") for _ in range(3)]
        assert [log.name for log in logs] == ["account", "account-2", "account-3"]

    assert run_once(program, Replay()).failure is None

"""The ledger: ordinals, keys, values, one entry a location."""

from __future__ import annotations

import pickle
from enum import Enum

from raceexplore.kernel.events.trace import Access
from raceexplore.observe.effects.locations import ALL, OPAQUE
from raceexplore.observe.ledger.ledger import Ledger


class Colour(Enum):
    RED = 1


def test_a_write_beats_a_read_and_keeps_its_place() -> None:
    ledger, first, second = Ledger(), object(), object()
    ledger.read(first, "a")
    ledger.write(second, "b")
    ledger.write(first, "a")
    ledger.read(second, "b")
    taken = [(access.resource, access.write) for access in ledger.take()]
    assert taken == [((1, "a"), True), ((2, "b"), True)]
    assert ledger.take() == ()


def test_with_values_the_reads_around_a_write_are_kept_in_order() -> None:
    class Box:
        def __init__(self) -> None:
            self.n = 1

    ledger, box = Ledger(values=True), Box()
    ledger.read(box, "n")
    ledger.read(box, "n")
    ledger.write(box, "n")
    box.n = 2
    ledger.read(box, "n")
    ledger.write(box, "n")
    box.n = 3
    ledger.read(box, "n")
    told = [(access.write, access.before, access.after) for access in ledger.take()]
    assert told == [(False, "1", ""), (True, "1", "3"), (False, "2", "")]
    ledger.write(box, "n")
    box.n = 4
    ledger.read(box, "n")
    told = [(access.write, access.before, access.after) for access in ledger.take()]
    assert told == [(True, "3", "4"), (False, "4", "")]
    assert ledger.take() == ()


def test_an_ordinal_stays_when_the_object_is_gone() -> None:
    ledger = Ledger()
    for _ in range(100):
        ledger.read([], ALL)  # without the ledger, the next list would have the same id
    assert {access.resource for access in ledger.take()} == {(n, ALL) for n in range(1, 101)}


def test_keys_have_no_identity_in_them() -> None:
    ledger = Ledger()
    task, odd = object(), frozenset({1})
    assert ledger.key({}, "a") == "a"
    assert ledger.key({}, (1, ("b", None))) == (1, ("b", None))
    assert ledger.key({}, Colour.RED) == "Colour.RED"
    assert ledger.key({}, task) == ("object", 1)
    assert ledger.key({}, (task, 1)) == (("object", 1), 1)
    assert ledger.key({}, odd) is ALL
    assert ledger.key({}, (odd, 1)) is ALL
    assert ledger.key([1, 2], -2) == 0


def test_a_key_runs_no_code_of_the_program() -> None:
    class Loud:
        def __hash__(self) -> int:
            raise AssertionError

        def __eq__(self, other: object) -> bool:
            raise AssertionError

    assert Ledger().key({}, Loud()) is ALL
    assert Ledger().key({}, (1, Loud())) is ALL


def test_values_are_short_and_recorded_only_where_wanted() -> None:
    class Box:
        value: object = 1

    box = Box()
    ledger = Ledger(values=True)
    ledger.write(box, "value")
    box.value = "x" * 100
    (access,) = ledger.take()
    assert (access.before, access.after) == ("1", "'" + "x" * 36 + "...")
    ledger.read(box, "value")
    (access,) = ledger.take()
    assert (access.label, access.before, access.after) == ("Box#1.value", access.before, "")
    plain = Ledger()
    plain.write(box, "value")
    (access,) = plain.take()
    assert access == Access((1, "value"), True, "")


def test_the_key_of_a_whole_object_survives_pickling() -> None:
    assert pickle.loads(pickle.dumps(ALL)) is ALL


def test_opaque_events_share_one_location() -> None:
    ledger = Ledger()
    ledger.opaque("something")
    assert [access.resource for access in ledger.take()] == [(OPAQUE, ALL)]

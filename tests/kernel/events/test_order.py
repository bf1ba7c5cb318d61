"""The happens-before relation is what its definition says, and so are the keys made of it."""

from __future__ import annotations

from hashlib import blake2b
from random import Random

import pytest

from raceexplore import Event
from raceexplore.kernel.events import order as module
from raceexplore.kernel.events.trace import NOWHERE, Access
from raceexplore.toolbox import conflict, event_keys, footprint, order

KEYS = ("a", "b", ...)


def drawn(entropy: int) -> list[Event]:
    """Events of up to four tasks on up to three objects: parts, whole ones, opaque code, causes."""
    chance = Random(entropy)
    tasks = [f"main/t#{i}" for i in range(chance.randint(1, 4))]
    done: dict[str, int] = {}
    events = []
    for number in range(chance.randint(1, 14)):
        task = chance.choice(tasks)
        done[task] = done.get(task, 0) + 1
        accesses = [
            Access((f"o{chance.randrange(3)}", chance.choice(KEYS)), chance.random() < 0.4, "")
            for _ in range(chance.randrange(4))
        ]
        causes = sorted(
            {chance.randrange(number) for _ in range(2) if chance.random() < 0.2 * (number > 0)}
        )
        events.append(
            Event(number, task, done[task], NOWHERE, NOWHERE, 0.0, accesses=tuple(accesses),
                  opaque=chance.random() < 0.1, causes=tuple(causes))
        )  # fmt: skip
    return events


def before(events: list[Event]) -> list[set[int]]:
    """The definition: the closure of causes, order within a task, and order of what conflicts."""
    past: list[set[int]] = []
    for j, event in enumerate(events):
        direct = {
            i
            for i, other in enumerate(events[:j])
            if other.task == event.task
            or i in event.causes
            or conflict(footprint(other), footprint(event))
        }
        past.append(direct.union(*[past[i] for i in direct]))
    return past


def races(events: list[Event], past: list[set[int]]) -> set[tuple[int, int]]:
    """Pairs of different tasks that only their conflict orders, with nothing in between."""
    found = set()
    for j, event in enumerate(events):
        earlier = [i for i in range(j) if events[i].task == event.task]
        certain = {*event.causes, *earlier[-1:]}
        for i in past[j] - certain:
            between = any(i in past[k] for k in past[j])
            if events[i].task != event.task and not between:
                found.add((i, j))
    return found


@pytest.mark.parametrize("block", range(4))
def test_the_order_is_the_closure_of_causes_turns_and_conflicts(block: int) -> None:
    for entropy in range(block * 250, block * 250 + 250):
        events = drawn(entropy)
        past = before(events)
        found = order(events)
        assert [set(module.bits(mask)) for mask in found.past] == past
        assert set(found.races) == races(events, past)


def splitmix(key: int) -> int:
    """The output function of splitmix64, as its authors publish it."""
    key = key % 2**64
    key = (key ^ (key >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    key = (key ^ (key >> 27)) * 0x94D049BB133111EB % 2**64
    return key ^ (key >> 31)


def test_the_scrambler_is_splitmix64() -> None:
    golden = 0x9E3779B97F4A7C15  # the first two outputs from seed 0, as published
    assert module._mixed(golden) == splitmix(golden) == 0xE220A8397B1DCDAF
    assert module._mixed(2 * golden) == 0x6E789E6AA1B965F4


def test_a_key_is_the_hash_of_the_event_and_of_its_direct_predecessors() -> None:
    for entropy in range(200):
        events = drawn(entropy)
        pasts, keys = before(events), event_keys(events)
        for event, past, key in zip(events, pasts, keys, strict=True):
            direct = [i for i in past if not any(i in pasts[k] for k in past)]
            text = f"{event.task} {event.nth} ()".encode()
            base = int.from_bytes(blake2b(text, digest_size=8).digest(), "big")
            assert key == splitmix(base + sum(keys[i] for i in direct))


def test_what_is_remembered_of_footprints_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    known = [order(drawn(entropy)) for entropy in range(100)]
    monkeypatch.setattr(module, "REMEMBERED", 3)  # forgotten before nearly every run
    assert [order(drawn(entropy)) for entropy in range(100)] == known
